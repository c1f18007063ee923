import { expect, it } from '@jest/globals';
import { parseLittleText } from '../src/platforms/linkedin/little-text.ts';

it.each([
  ['plain text', 'plain text'],
  ['', ''],
  [
    'escaped \\(all\\) \\| \\{ \\} \\@ \\[ \\] \\< \\> \\# \\\\ \\* \\_ \\~',
    'escaped (all) | { } @ [ ] < > # \\ * _ ~',
  ],
  ['a #hashtag stays', 'a #hashtag stays'],
  ['{hashtag|\\#|SoloSpark} works', '#SoloSpark works'],
  ['{hashtag|\\#|snake\\_case}', '#snake_case'],
  ['Hi @[Ann \\(A\\)](urn:li:person:abc) there', 'Hi Ann (A) there'],
  ['日本語 🙂 naïve', '日本語 🙂 naïve'],
])('the LinkedIn text "%s" is shown completely', (source, shown) => {
  expect(parseLittleText(source)).toEqual({ kept: source, shown });
});

it.each([
  ['cut (here)', 'cut '],
  ['cut # here', 'cut '],
  ['#snake_case', '#snake'],
  ['mail me@example.com', 'mail me'],
  ['five * six', 'five '],
  ['a lone \\ backslash', 'a lone '],
  ['{hashtag|SoloSpark}', ''],
  ['ends with \\', 'ends with '],
])('the LinkedIn text "%s" is truncated', (source, kept) => {
  expect(parseLittleText(source)).toEqual({ kept, shown: kept });
});
