import { HttpProblem } from './problem-plugin.ts';

// A post's revision is the first part of its ETag (conditional.ts adds the rest), so that If-Match can refuse a change to a
// revision that is no longer current.

export function revisionTag(post: { revision: number }): string {
  return `"${post.revision}"`;
}

/** @throws HttpProblem when the header is present and is not the tag of a post. */
export function revisionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  // A proxy that compresses makes the tag weak; the revision in it is still right.
  const match = /^(?:W\/)?"(\d{1,9})(?:-[\w-]*)?"$/.exec(ifMatch.trim());
  if (match) return Number(match[1]);
  throw new HttpProblem(
    'invalid_request',
    'If-Match must be the ETag of the post as it was answered, such as "3".',
  );
}
