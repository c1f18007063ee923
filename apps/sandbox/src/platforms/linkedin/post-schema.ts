import { Type, type Static } from 'typebox';

const strict = { additionalProperties: false };
const anything = Type.Optional(Type.Unknown());
const altText = Type.Optional(Type.String({ maxLength: 4086 }));

const Distribution = Type.Object(
  {
    feedDistribution: Type.Enum(['MAIN_FEED', 'NONE']),
    targetEntities: Type.Optional(Type.Array(Type.Unknown())),
    thirdPartyDistributionChannels: Type.Optional(Type.Array(Type.Unknown())),
  },
  strict,
);

const Content = Type.Object(
  {
    media: Type.Optional(
      Type.Object({ id: Type.String(), altText, title: Type.Optional(Type.String()) }, strict),
    ),
    multiImage: Type.Optional(
      Type.Object(
        {
          images: Type.Array(Type.Object({ id: Type.String(), altText }, strict), {
            minItems: 2,
            maxItems: 20,
          }),
          altText,
        },
        strict,
      ),
    ),
    article: Type.Optional(
      Type.Object(
        {
          source: Type.String(),
          // Required, because LinkedIn does not fetch the linked page, and a card without a title would be empty.
          title: Type.String({ minLength: 1, maxLength: 400 }),
          description: Type.Optional(Type.String({ maxLength: 4086 })),
          thumbnail: Type.Optional(Type.String()),
          thumbnailAltText: Type.Optional(Type.String()),
        },
        strict,
      ),
    ),
    poll: anything,
    reference: anything,
    celebration: anything,
  },
  strict,
);

/** The Post schema of the Posts API. Fields that are `anything` are not checked. */
export const CreateBody = Type.Object(
  {
    author: Type.String(),
    commentary: Type.String(),
    visibility: Type.Enum(['PUBLIC', 'CONNECTIONS', 'LOGGED_IN', 'CONTAINER']),
    distribution: Distribution,
    lifecycleState: Type.Enum(['PUBLISHED']),
    isReshareDisabledByAuthor: Type.Optional(Type.Boolean()),
    content: Type.Optional(Content),
    adContext: anything,
    container: anything,
    contentCallToActionLabel: anything,
    contentLandingPage: anything,
    reshareContext: anything,
  },
  strict,
);
export type CreateBody = Static<typeof CreateBody>;
