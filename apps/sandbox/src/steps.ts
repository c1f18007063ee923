/**
 * The steps: names for what a call does, the same on every platform. Not every platform has all of them.
 *
 * - `identity`   who the account is
 * - `quota`      reads how many posts are left
 * - `upload`     uploads a file, or sets its alternative text
 * - `append`     uploads one part of a file
 * - `finalize`   completes an upload in parts
 * - `container`  prepares a post that is not public yet
 * - `status`     reads the processing status of a file or a container
 * - `publish`    the one call that makes a post public
 * - `lookup`     reads public posts
 * - `delete`     deletes a post
 * - `token`      gets, renews or revokes an access token
 */
export const steps = [
  'identity',
  'quota',
  'upload',
  'append',
  'finalize',
  'container',
  'status',
  'publish',
  'lookup',
  'delete',
  'token',
] as const;
export type Step = (typeof steps)[number];
