import { hasVisibleText } from '@solospark/foundation';
import { Type, type Static } from 'typebox';
import type { Settings } from '../draft.ts';
import { readSettings } from '../settings.ts';

export const settings = Type.Object(
  {
    visibility: Type.Enum(['account', 'public', 'unlisted', 'private'], {
      default: 'account',
      title: 'Who can see it',
      description:
        'account: as the account is set at its server. public: everybody. unlisted: everybody, but it stands in no public timeline. private: followers only',
    }),
    spoilerText: Type.String({
      default: '',
      title: 'Content warning',
      description: 'Shown instead of the post until a reader opens it; counts together with the text',
    }),
    sensitive: Type.Boolean({
      default: false,
      title: 'Sensitive media',
      description:
        'Hides the media until a reader opens them. False: as the account is set at its server. With a content warning they always are',
    }),
    language: Type.String({
      default: '',
      pattern: '^([a-z]{2,3}(-[A-Za-z]{2,4})?)?$',
      title: 'Language',
      description: 'Of the text: a code such as en, de or pt-BR. Empty: as the account is set at its server',
    }),
  },
  { additionalProperties: false },
);

export type Choices = Static<typeof settings>;

/** The author's settings, without an invisible content warning. */
export function choicesOf(of: { settings: Settings }): Choices {
  const choices = readSettings(settings, of);
  return { ...choices, spoilerText: hasVisibleText(choices.spoilerText) ? choices.spoilerText.trim() : '' };
}
