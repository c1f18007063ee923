import { createHash } from 'node:crypto';
import { base32 } from './content-id.ts';

const postCollection = 'app.bsky.feed.post';

/** 24 characters of base32, derived from the handle. */
export function didOf(handle: string): string {
  const hash = createHash('sha256').update(`bluesky ${handle}`).digest();
  return `did:plc:${base32(hash).slice(0, 24)}`;
}

/** A Bluesky handle is a domain; nobody can own one under `.test`. */
export const domainOf = (handle: string) => `${handle}.test`;

/** The sandbox's own handle behind a Bluesky one. */
export function handleOfDomain(domain: string): string | undefined {
  return /^([a-z0-9-]{1,40})\.test$/.exec(domain.toLowerCase())?.[1];
}

/** The DID that `repo` names, either directly or by its handle. */
export const didIn = (repo: string) => (repo.startsWith('did:') ? repo : didOf(handleOfDomain(repo) ?? ''));

export const uriOf = (did: string, rkey: string) => `at://${did}/${postCollection}/${rkey}`;
export const isPostCollection = (collection: string | undefined) => collection === postCollection;
