import type { HttpResponse } from './http.ts';

/** In code points. Long enough for a platform's message; a longer one is cut. */
const LONGEST_MESSAGE = 300;
const MOST_SENTENCES = 3;
/** Bounds the work on a hostile body: the length of one value, the number of values, the depth. */
const LONGEST_VALUE = 2_000;
const MOST_VALUES = 50;
const DEEPEST = 6;

/** The fields with sentences for people; those for an app's users come first. Repeated input has other names. */
const SPEAKING = [
  'error_user_title',
  'error_user_msg',
  'detail',
  'message',
  'error_message',
  'error_description',
  'description',
  'error',
  'errors',
  'title',
];
const ECHOES = new Set(['input', 'parameters', 'value', 'debug_info']);

/**
 * The platform's own words for the author, as one line of plain text: no HTML, no control characters, nothing that changes the
 * text direction, and nothing that looks like a key, since platforms repeat parts of the request. Undefined if there are no
 * words.
 * @param hide removes secrets
 */
export function messageOf(
  { json }: Pick<HttpResponse, 'json'>,
  hide: (words: string) => string,
): string | undefined {
  const found = new Map<string, string[]>();
  collect(json, found, { left: MOST_VALUES }, 0);
  const all = SPEAKING.flatMap((name) => found.get(name) ?? [])
    // Hides secrets before and after `plain`: the author's text may have line breaks, and the answer may repeat it with or
    // without them.
    .map((words) => hide(withoutKeys(plain(hide(words)))).trim())
    .filter((words) => /[\p{L}\p{N}]/u.test(words));
  // A single word such as `Forbidden` adds nothing to a sentence.
  const sentences = all.filter((words) => /\s/.test(words));
  const distinct = [...new Set(sentences.length > 0 ? sentences : all)];
  const told = distinct.filter(
    (words) => !distinct.some((other) => other !== words && other.includes(words)),
  );
  const message = told.slice(0, MOST_SENTENCES).join(' · ');
  if (message === '') return undefined;
  const points = Array.from(message);
  return points.length > LONGEST_MESSAGE
    ? `${points
        .slice(0, LONGEST_MESSAGE - 1)
        .join('')
        .trimEnd()}…`
    : message;
}

function collect(json: unknown, found: Map<string, string[]>, budget: { left: number }, depth: number): void {
  if (typeof json !== 'object' || json === null || depth > DEEPEST) return;
  for (const [name, value] of Object.entries(json) as [string, unknown][]) {
    if (budget.left <= 0) return;
    if (typeof value === 'object' && !ECHOES.has(name)) collect(value, found, budget, depth + 1);
    if (!SPEAKING.includes(name)) continue;
    // A value is a sentence, or a list of sentences.
    for (const said of Array.isArray(value) ? value.slice(0, budget.left) : [value]) {
      if (typeof said !== 'string') continue;
      budget.left -= 1;
      found.set(name, [...(found.get(name) ?? []), said.slice(0, LONGEST_VALUE)]);
    }
  }
}

/** Drops a whole HTML page, and removes tags from a sentence. */
function plain(words: string): string {
  if (/<(!doctype|html|head|body|script|style)\b/i.test(words)) return '';
  return (
    words
      .toWellFormed()
      .replace(/<[/!a-z][^<>]*>/gi, ' ')
      // Keeps joiners, which some languages and emoji need, and removes all other invisible characters.
      .replace(/[^\P{C}\u200c\u200d]|[\u061c\p{Zl}\p{Zp}]/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  );
}

/** Replaces words in the form of a token, key or signature. No sentence needs such a word. */
export function withoutKeys(words: string): string {
  return (
    words
      .replace(/\bhttps?:\/\/\S+/gi, (address) => address.replace(/[?#].*/, '?…'))
      // The user name and password of a URL.
      .replace(/(:\/\/)[^\s/@]+@/g, '$1[…]@')
      .replace(
        /(?<![\w-])([\w-]*(?:token|secret|passw(?:or)?d|signature|api[_-]?key|session_?id)=)[^\s"'&,;]{4,}/gi,
        '$1[…]',
      )
      .replace(/(?<![\w-])(x-[\w-]+|cookie): [^\s,;]{8,}/gi, '$1: […]')
      // App passwords of Bluesky.
      .replace(/\b[a-z0-9]{4}(?:-[a-z0-9]{4}){3}\b/g, '[…]')
      .replace(/\b(bearer|basic|oauth|dpop)\s+[\w.~+/=-]{8,}/gi, '$1 […]')
      .replace(
        /\b((?:access|refresh|id)_?token|client_?secret|password|passwd|secret|signature|api_?key|authorization|code)(["']?\s*[=:]\s*["']?)[^\s"'&,;]{4,}/gi,
        '$1$2[…]',
      )
      .replace(/\beyJ[\w-]{8,}(?:\.[\w-]*)*/g, '[…]')
      .replace(/[\w+/=~-]{24,}(?:\.[\w+/=~-]{8,})*/g, (word) => (isKeyLike(word) ? '[…]' : word))
  );
}

function isKeyLike(word: string): boolean {
  // A DID of 24 letters and digits is not a key, nor is a name in camel case.
  return (
    word.length >= 30 && /\d/.test(word) && /[a-z]/i.test(word) && !/^[a-z]+([A-Z][a-z]+)*\d*$/.test(word)
  );
}
