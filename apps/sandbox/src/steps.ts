/**
 * Our words for what a call does, the same on every platform. A platform has only those that it knows.
 *
 * - `identity`   who the account is
 * - `quota`      what it may still do
 * - `upload`     brings a file, or describes one
 * - `append`     brings one part of a file that comes in parts
 * - `finalize`   says that all parts of it are there
 * - `container`  prepares a post that is not public yet
 * - `status`     asks how far a file or a container is
 * - `publish`    the one call that makes a post public
 * - `lookup`     reads what is public
 * - `delete`     takes a post away
 * - `token`      gets, renews or ends an access token
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
