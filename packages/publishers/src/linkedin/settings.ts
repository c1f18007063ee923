import { Type, type Static } from 'typebox';
import { readSettings } from '../settings.ts';
import type { Settings } from '../draft.ts';

const closed = { additionalProperties: false };

const Article = Type.Object(
  {
    url: Type.String({
      pattern: '^https?://\\S+$',
      maxLength: 2_000,
      title: 'Link',
      description: 'Where the card leads: an http or https address',
    }),
    title: Type.String({ minLength: 1, maxLength: 400, title: 'Headline', description: 'Of the card' }),
    description: Type.Optional(
      Type.String({ maxLength: 4_000, title: 'Description', description: 'Of what is behind the link' }),
    ),
  },
  {
    ...closed,
    title: 'Link card',
    description:
      'LinkedIn does not look at the page behind a link: what the card says is written here. The post’s only image, if it has one, becomes the card’s picture.',
  },
);

export const settings = Type.Object(
  {
    visibility: Type.Enum(['PUBLIC', 'CONNECTIONS'], {
      default: 'PUBLIC',
      title: 'Who sees it',
      description: 'PUBLIC: everybody. CONNECTIONS: your connections only, which a page does not have',
    }),
    allowReshare: Type.Boolean({
      default: true,
      title: 'Others may repost it',
      description: 'Switched off, nobody can pass the post on',
    }),
    article: Type.Optional(Article),
    documentTitle: Type.String({
      default: '',
      maxLength: 100,
      title: 'Title of the document',
      description: 'Stands above the pages of a PDF. Empty: the first line of the text',
    }),
    resendIfUnclear: Type.Boolean({
      default: false,
      title: 'Send once more when the answer got lost',
      description:
        'LinkedIn does not let SoloSpark look for a member’s post. Switched off, you are asked to look when LinkedIn’s ' +
        'answer got lost. Switched on, the post is sent once more within 8 minutes: for 10 minutes LinkedIn refuses what is ' +
        'out already, and its refusal is taken for the proof. You risk that the post is out twice, should LinkedIn not ' +
        'refuse it, and that it counts as published when it is not, should LinkedIn name another post. A page is never ' +
        'sent twice: its posts can be looked for',
    }),
  },
  closed,
);

export function settingsOf(of: { settings: Settings }): Static<typeof settings> {
  return readSettings(settings, of);
}
