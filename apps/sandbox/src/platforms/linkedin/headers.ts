import type { FastifyRequest } from 'fastify';
import type { Answer } from '../platform.ts';
import { missingHeader, versionNotActive } from './refusals.ts';

/** Calls under `/rest` require both headers; there is no default version. */
export function checkHeaders(request: FastifyRequest, now: number): Answer | undefined {
  if (!request.url.startsWith('/linkedin/rest/')) return undefined;
  const version = request.headers['linkedin-version'];
  if (typeof version !== 'string' || version === '') return missingHeader('Linkedin-Version');
  if (!isActive(version, now)) return versionNotActive(version);
  if (request.headers['x-restli-protocol-version'] !== '2.0.0')
    return missingHeader('X-Restli-Protocol-Version');
  return undefined;
}

/** A version is named after its month, and is switched off in the middle of that month one year later. */
function isActive(version: string, now: number): boolean {
  const match = /^(20\d{2})(0[1-9]|1[0-2])$/.exec(version);
  if (!match) return false;
  const [year, month] = [Number(match[1]), Number(match[2])];
  return Date.UTC(year, month - 1, 1) <= now && now < Date.UTC(year + 1, month - 1, 16);
}
