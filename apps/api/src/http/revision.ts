import { HttpProblem } from './problem-plugin.ts';

// A post's revision travels at the head of its entity tag (conditional.ts adds the rest), so that a client can say "only if
// it is still as I saw it".

export function revisionTag(post: { revision: number }): string {
  return `"${post.revision}"`;
}

/** @throws HttpProblem when the header is there and is not a tag that a post has had. */
export function revisionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  // Made weak by a proxy that compresses, it still says which revision was seen.
  const match = /^(?:W\/)?"(\d{1,9})(?:-[\w-]*)?"$/.exec(ifMatch.trim());
  if (match) return Number(match[1]);
  throw new HttpProblem(
    'invalid_request',
    'If-Match must be the ETag of the post as it was answered, such as "3".',
  );
}
