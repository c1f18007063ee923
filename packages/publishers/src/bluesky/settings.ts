import { Type, type Static } from 'typebox';
import { readSettings } from '../settings.ts';
import type { Settings } from '../draft.ts';

const strict = { additionalProperties: false };

/** Longer than any address that people share; Bluesky takes 8 kB. */
const MAX_URL_LENGTH = 2_048;

const LinkCard = Type.Object(
  {
    url: Type.String({
      title: 'Address',
      description: 'Where the card leads: http or https.',
      minLength: 1,
      maxLength: MAX_URL_LENGTH,
    }),
    // Bluesky documents no limit for these two; the limits are ours.
    title: Type.String({ title: 'Title', description: 'In bold on the card.', minLength: 1, maxLength: 300 }),
    description: Type.String({
      title: 'Description',
      description: 'Below the title.',
      maxLength: 1_000,
      default: '',
    }),
  },
  {
    ...strict,
    title: 'Link card',
    description:
      'A card below the text that leads to a page. Nothing is fetched from there: title and description are given here, and the only image of the post, if there is one, becomes the picture of the card, without its alternative text.',
  },
);

/** The settings of a post on Bluesky. */
export const settings = Type.Object(
  {
    languages: Type.Array(Type.String({ maxLength: 64 }), {
      title: 'Languages',
      description: 'In which the post is written, as BCP 47 has them: up to three, such as en or pt-BR.',
      maxItems: 3,
      uniqueItems: true,
      default: [],
    }),
    linkCard: Type.Optional(LinkCard),
    contentLabels: Type.Array(Type.Enum(['sexual', 'nudity', 'porn', 'graphic-media']), {
      title: 'Content labels',
      description: 'What readers are warned of: suggestive, naked, adults only, or hard to look at.',
      maxItems: 4,
      uniqueItems: true,
      default: [],
    }),
  },
  strict,
);

export type LinkCard = Static<typeof LinkCard>;

export function settingsOf(of: { settings: Settings }): Static<typeof settings> {
  return readSettings(settings, of);
}
