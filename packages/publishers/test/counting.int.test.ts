import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Publisher } from '../src/publisher.ts';
import { publishers } from '../src/registry.ts';
import { draftOf } from './answers.ts';
import { openDelivery, openStage, type Stage } from './harness.ts';
import { randomNumbers } from './random-numbers.ts';

// Every platform counts the length of a text in its own way. These texts are at each platform's limit and made of pieces that are
// easily miscounted. The sandbox must take the texts that `check` allows, and refuse the others.

const TEXTS = 200;
/** Platforms that take no post without a file. */
const wantsImage = ['instagram'];

/**
 * Texts for which `check` is stricter than the sandbox. twitter-text counts an emoji of people holding hands as three, and ends a
 * link before letters that are not Latin. X's documents say "any emoji sequence", and nothing about such links.
 */
const unclear: Record<string, string[]> = { x: ['🧑‍🤝‍🧑', ' https://example.com/ä/日本 '] };

const pieces = [
  ...[
    'a',
    'é',
    'e\u0301',
    'a\u0308\u0323',
    'ß',
    '日',
    '日本語',
    '한',
    '\u1112\u1161\u11ab',
    'ก็',
    'ـ',
    '•',
    '→',
    '“',
  ],
  ...['👍', '👍🏽', '❤️', '☎', '1️⃣', '🇩🇪', '👨‍👩‍👧‍👦', '🏳️‍🌈', '👩🏽‍🚀', '🧑‍🤝‍🧑', '🫠'],
  ...['\\', '|', '{', '}', '[x]', '(y)', '<z>', '*b*', '_c_', '~', '&amp;', '"', "'"],
  ...[
    ' https://example.com/a?b=c#d ',
    ' http://example.org ',
    ' example.com ',
    ' https://example.com/ä/日本 ',
  ],
  ...[' #tag ', ' mail me ', ' ', '\n'],
];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

/** A text that grows piece by piece until it is too long. Every second one is cut back to the last length that fits. */
function textsAtTheLimit(publisher: Publisher, isAllowed: (text: string) => boolean): string[] {
  const random = randomNumbers(20_261_122);
  const known = pieces.filter((piece) => !unclear[publisher.id]?.includes(piece));
  const letters = 'x'.repeat(Math.floor(publisher.limits.maxTextLength * 0.8));
  return Array.from({ length: TEXTS }, (_, index) => {
    let text = `${index} ${letters} `;
    let before = text;
    while (isAllowed(`${text}.`)) {
      before = text;
      // Some platforms limit hashtags separately, which is not the subject here.
      text += known[random(known.length)] ?? '';
    }
    return `${index % 2 === 0 ? text : before}.`;
  });
}

describe.each(publishers.map((publisher) => [publisher.id, publisher] as const))('%s', (id, publisher) => {
  it(`counts like its sandbox on ${TEXTS} texts at the limit`, async () => {
    const withImage = wantsImage.includes(id);
    const { call } = await openDelivery(stage, publisher, { account: 'ada', text: 'a', withImage });
    const isAllowed = (text: string) => publisher.check(draftOf({ text, media: call.media })).length === 0;
    const disagreed: string[] = [];
    let allowed = 0;
    for (const text of textsAtTheLimit(publisher, isAllowed)) {
      const delivery = await openDelivery(stage, publisher, { account: 'ada', text, withImage });
      const fate = await delivery.run();
      if (isAllowed(text)) allowed += 1;
      if ((fate.outcome === 'published') !== isAllowed(text)) {
        disagreed.push(`${fate.outcome}: …${JSON.stringify(text.slice(-60))}`);
      }
    }
    expect(disagreed).toEqual([]);
    expect(allowed).toBeGreaterThan(TEXTS / 4);
    expect(allowed).toBeLessThan((TEXTS * 3) / 4);
    expect(await stage.posts(id, 'ada')).toHaveLength(allowed);
  });
});
