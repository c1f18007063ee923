import { Type, type Static } from 'typebox';

const Limit = (byDefault: number) => Type.Integer({ default: byDefault });

/** What differs from server to server. The limits are what the server tells, as it may be a hostile one, and what it does. */
export const Rules = Type.Object(
  {
    /** Each server has its own; these are Mastodon's defaults. */
    maxCharacters: Type.Integer({ minimum: 1, default: 500 }),
    charactersPerUrl: Limit(23),
    maxAttachments: Limit(4),
    imageSizeLimit: Limit(16_777_216),
    imageMatrixLimit: Limit(33_177_600),
    videoSizeLimit: Limit(103_809_024),
    videoFrameRateLimit: Limit(120),
    videoMatrixLimit: Limit(8_294_400),
    /** False: a server that takes images only, and says so. */
    takesVideos: Type.Boolean({ default: true }),
    /** How it tells them: as Mastodon does since 4.0, as it did before, as others do, or not at all. */
    instance: Type.Enum(['v2', 'v1', 'max_toot_chars', 'none'], { default: 'v2' }),
    /** How many looks find a file still in processing. Images are mostly ready at once. */
    pollsUntilReady: Type.Integer({ minimum: 0, default: 0 }),
    /** The same for GIFs and videos, which are worked on in the background. */
    videoPollsUntilReady: Type.Integer({ minimum: 0, default: 1 }),
    /** False: a server of other software, which takes the header for nothing and has only the older instance call. */
    honoursIdempotencyKey: Type.Boolean({ default: true }),
    /** False: software that lists its author, too, only what it shows to everybody. */
    listsOwnNonPublic: Type.Boolean({ default: true }),
    idempotencyKeyMs: Type.Integer({ minimum: 0, default: 3_600_000 }),
    /** Mastodon allows 300 in 5 minutes for a token; the default lets a load test through. */
    callsPerWindow: Type.Integer({ minimum: 0, default: 100_000 }),
    /** Mastodon allows 30 uploads, and 30 deletions, in half an hour. */
    slowCallsPerWindow: Type.Integer({ minimum: 0, default: 100_000 }),
  },
  { additionalProperties: false },
);
export type Rules = Static<typeof Rules>;
