import { Type } from 'typebox';
import type { PublishCall } from '../publisher.ts';
import { readSettings } from '../settings.ts';

export const settings = Type.Object(
  {
    replySettings: Type.Enum(['everyone', 'following', 'mentionedUsers', 'subscribers', 'verified'], {
      title: 'Who can reply',
      description:
        'Everyone, accounts that the author follows, those mentioned in the post, subscribers of the author, or verified accounts.',
      default: 'everyone',
    }),
    madeWithAi: Type.Boolean({
      title: 'Made with AI',
      description: 'X labels the post as one whose media were made with AI.',
      default: false,
    }),
    paidPartnership: Type.Boolean({
      title: 'Paid partnership',
      description: 'X labels the post as a paid partnership.',
      default: false,
    }),
  },
  { additionalProperties: false },
);

/** The fields of `POST /2/tweets`. Defaults are left out: X has no value for "everyone". */
export function settingsFields(call: PublishCall): Record<string, unknown> {
  const { replySettings, madeWithAi, paidPartnership } = readSettings(settings, call);
  return {
    ...(replySettings === 'everyone' ? {} : { reply_settings: replySettings }),
    ...(madeWithAi ? { made_with_ai: true } : {}),
    ...(paidPartnership ? { paid_partnership: true } : {}),
  };
}
