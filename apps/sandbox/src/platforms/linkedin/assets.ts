import type { BoundedMap } from '../../world/bounded-map.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { isOrganization } from './accounts.ts';
import { accessDenied, badInput, notFound } from './refusals.ts';

/** An uploaded or registered file, found by its URN. */
export interface Asset {
  urn: string;
  kind: AssetKind;
  owner: string;
  uploadExpiresAt: number;
  /** Null until all bytes have arrived. */
  received: { fileId: string; processedAt: number; isUsable: boolean } | null;
}

export type AssetKind = 'image' | 'document' | 'video';
export type Assets = BoundedMap<string, Asset>;

export type AssetStatus = 'WAITING_UPLOAD' | 'PROCESSING' | 'AVAILABLE' | 'PROCESSING_FAILED';

export const uploadLifetimeMs = 24 * 3_600_000;

export function statusOf({ received }: Asset, now: number): AssetStatus {
  if (!received) return 'WAITING_UPLOAD';
  if (now < received.processedAt) return 'PROCESSING';
  return received.isUsable ? 'AVAILABLE' : 'PROCESSING_FAILED';
}

export const expiredUrl = () => badInput('EXPIRED_UPLOAD_URL', 'uploadUrl', 'Upload URL has expired');

/** The processing status of an asset; only organizations may read it. */
export function statusEndpoint(kind: AssetKind, assets: Assets): Endpoint {
  function read({ request, account, now }: Call): Answer {
    if (!isOrganization(account.handle)) return accessDenied(`${kind}s.GET`);
    const { urn } = request.params as { urn: string };
    const asset = assets.get(urn);
    if (asset?.kind !== kind || asset.owner !== account.id) return notFound(urn);
    return { status: 200, body: { id: urn, owner: asset.owner, status: statusOf(asset, now) } };
  }
  return { method: 'GET', url: `/rest/${kind}s/:urn`, step: 'status', answer: read };
}
