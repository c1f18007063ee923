import { Type } from 'typebox';

export const settings = Type.Object(
  {
    kind: Type.Enum(['feed', 'story'], {
      title: 'Where it is shown',
      description:
        'feed: a post, and of a single video a reel. story: one image or one video without a text, for 24 hours.',
      default: 'feed',
    }),
    shareReelToFeed: Type.Boolean({
      title: 'Show a reel in the feed',
      description: 'False: a reel is shown among the reels only. Instagram decides in the end.',
      default: true,
    }),
    coverOffsetMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        title: 'Cover of a reel',
        description:
          'Which moment of the video is its cover, in milliseconds from its beginning. Left out: the first one.',
      }),
    ),
  },
  { additionalProperties: false },
);
