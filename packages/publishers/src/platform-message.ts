import type { HttpResponse } from './http.ts';

/** In code points. What a platform has to say fits; what a hostile server says is cut. */
const LONGEST_MESSAGE = 300;
const MOST_SENTENCES = 3;
/** Of one value, before anything looks at it; and of values in all, however a body is nested. */
const LONGEST_VALUE = 2_000;
const MOST_VALUES = 50;
const DEEPEST = 6;

/**
 * The fields in which platforms speak to people, those for the user of an app first. What they were sent stands under other
 * names.
 */
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
 * The platform's own words, for the author: as one line of plain text. No HTML, no control characters, nothing that turns the
 * direction of the text around it, and nothing that looks like a key, since platforms repeat what they were sent. Undefined
 * where it said nothing in words.
 * @param hide what must not stand in it in any case
 */
export function messageOf(
  { json }: Pick<HttpResponse, 'json'>,
  hide: (words: string) => string,
): string | undefined {
  const found = new Map<string, string[]>();
  collect(json, found, { left: MOST_VALUES }, 0);
  const all = SPEAKING.flatMap((name) => found.get(name) ?? [])
    // Hidden before and after: what was sent may be broken over lines, and stand in the answer with or without them.
    .map((words) => hide(withoutKeys(plain(hide(words)))).trim())
    .filter((words) => /[\p{L}\p{N}]/u.test(words));
  // `Forbidden` beside a sentence that says why adds nothing.
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
    // Several sentences stand in a list, or one by itself.
    for (const said of Array.isArray(value) ? value.slice(0, budget.left) : [value]) {
      if (typeof said !== 'string') continue;
      budget.left -= 1;
      found.set(name, [...(found.get(name) ?? []), said.slice(0, LONGEST_VALUE)]);
    }
  }
}

/** A whole page says nothing to an author; a tag in a sentence goes, and its words stay. */
function plain(words: string): string {
  if (/<(!doctype|html|head|body|script|style)\b/i.test(words)) return '';
  return (
    words
      .toWellFormed()
      .replace(/<[/!a-z][^<>]*>/gi, ' ')
      // Joiners are needed to write some languages and emoji; every other invisible sign is not.
      .replace(/[^\P{C}\u200c\u200d]|[\u061c\p{Zl}\p{Zp}]/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  );
}

/** No sentence needs a word of such a form, and every token, key and signature has one of them. */
export function withoutKeys(words: string): string {
  return (
    words
      .replace(/\bhttps?:\/\/\S+/gi, (address) => address.replace(/[?#].*/, '?…'))
      // Before the name of a server stands whoever signs in there, in an address of any kind.
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
  // A DID of 24 letters and digits is an address, and so is a name written in words.
  return (
    word.length >= 30 && /\d/.test(word) && /[a-z]/i.test(word) && !/^[a-z]+([A-Z][a-z]+)*\d*$/.test(word)
  );
}
