import { Type, type Static } from 'typebox';

const Limit = (byDefault: number) => Type.Integer({ default: byDefault });

/** What differs between servers. The limits are both told and enforced; any number is allowed, to play a hostile server. */
export const Rules = Type.Object(
  {
    /** Each server has its own limits; these are Mastodon's defaults. */
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
    /** How the limits are told: as Mastodon does since 4.0, as it did before, as other software does, or not at all. */
    instance: Type.Enum(['v2', 'v1', 'max_toot_chars', 'none'], { default: 'v2' }),
    /** How many status calls answer that an image is in processing. Images are mostly ready at once. */
    pollsUntilReady: Type.Integer({ minimum: 0, default: 0 }),
    /** The same for GIFs and videos, which are processed in the background. */
    videoPollsUntilReady: Type.Integer({ minimum: 0, default: 1 }),
    /** False: a server of other software, which ignores the idempotency key and has only the older instance call. */
    honoursIdempotencyKey: Type.Boolean({ default: true }),
    /** False: software that lists only public statuses, even to their author. */
    listsOwnNonPublic: Type.Boolean({ default: true }),
    idempotencyKeyMs: Type.Integer({ minimum: 0, default: 3_600_000 }),
    /** Mastodon allows 300 in 5 minutes for a token. The default does not limit a load test. */
    callsPerWindow: Type.Integer({ minimum: 0, default: 100_000 }),
    /** Mastodon allows 30 uploads, and 30 deletions, in half an hour. */
    slowCallsPerWindow: Type.Integer({ minimum: 0, default: 100_000 }),
  },
  { additionalProperties: false },
);
export type Rules = Static<typeof Rules>;
