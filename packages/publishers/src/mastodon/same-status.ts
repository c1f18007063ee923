import { parseUrl } from '@solospark/foundation';
import type { Likeness } from '../look-up.ts';
import type { RemoteStatus } from './api.ts';
import { withLinks, withoutDomains } from './count.ts';
import { levelText, normalizeText } from '../normalize.ts';

/** `mediaIds` and `mediaUrls` are of all uploads that this delivery ever made. */
export interface Sent {
  text: string;
  spoilerText: string;
  hasMedia: boolean;
  mediaIds: string[];
  mediaUrls: string[];
}

/**
 * Compares a listed status with the sent one. A file belongs to one status, so the id of one of our files is the proof, even if
 * the text differs. Otherwise the text, the warning and the URLs of the files decide. The server returns the text as HTML or as
 * it was written. A status with the same words but other links, punctuation, spaces or media is only similar: it may be ours,
 * changed by the server's software in an unknown way (some reads Markdown), or another post from the same template.
 */
export function compareStatus(sent: Sent, status: RemoteStatus): Likeness {
  if (status.reblog) return 'different';
  const attached = status.media_attachments ?? [];
  if (attached.some(({ id }) => sent.mediaIds.includes(id))) return 'same';

  const urls = attached.map(({ url }) => url ?? '');
  const hasOurs = urls.some((url) => sent.mediaUrls.includes(url));
  // Some software shows a link to an image as an image.
  const fitsMedia = sent.hasMedia ? hasOurs : urls.every((url) => url !== '' && sent.text.includes(url));
  const isSameWarning = canonical(status.spoiler_text ?? '') === canonical(sent.spoilerText);
  const texts = [textOf(status.content), ...(status.text ? [status.text] : [])];
  const hasText = (form: (text: string) => string) => texts.some((text) => form(text) === form(sent.text));
  if (fitsMedia && isSameWarning && hasText(canonical)) return 'same';
  return hasOurs || hasText(lettersOnly) ? 'similar' : 'different';
}

/** The text of the HTML. A link becomes its target, even if it is shown shortened. */
export function textOf(html: string): string {
  const pieces: string[] = [];
  let at = 0;
  /** The open link: its attributes, and the index of its first piece. */
  let link: { attributes: string; from: number } | undefined;
  // No regular expression for whole tags: it takes quadratic time on a page with many `<`.
  for (let open = html.indexOf('<'); open !== -1; open = html.indexOf('<', at)) {
    const close = html.indexOf('>', open);
    if (close === -1) break;
    const before = html.slice(at, open);
    at = close + 1;
    const tag = html.slice(open + 1, close);
    const name = /^\/?[a-z][a-z0-9]*/i.exec(tag)?.[0].toLowerCase() ?? '';
    pieces.push(name === 'br' ? before.trimEnd() : before);
    if (name === 'br') {
      pieces.push('\n');
      at += spacesAt(html, at);
    } else if (PARAGRAPHS.has(name)) pieces.push('\n\n');
    else if (name === 'a') link ??= { attributes: tag.slice(1), from: pieces.length };
    else if (name === '/a' && link) {
      pieces.push(linkedText(link.attributes, pieces.splice(link.from).join('')));
      link = undefined;
    }
  }
  return unescape(pieces.join('') + html.slice(at));
}

const PARAGRAPHS = new Set(
  ['p', 'div', 'li', 'blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name) => `/${name}`),
);

const SPACES = /\s*/y;

function spacesAt(text: string, position: number): number {
  SPACES.lastIndex = position;
  return SPACES.exec(text)?.[0].length ?? 0;
}

function linkedText(attributes: string, words: string): string {
  // Mentions and hashtags link to pages of the server.
  if (/^\s*[#@]/.test(unescape(words)) || /\bclass=["'][^"']*\b(mention|hashtag)\b/i.test(attributes))
    return words;
  return /\bhref=(["'])(.*?)\1/is.exec(attributes)?.[2] ?? words;
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** In one pass, because a decoded entity may look like another entity. */
function unescape(html: string): string {
  return html.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (entity, hex, decimal, name) => {
    if (name !== undefined) return named[String(name).toLowerCase()] ?? entity;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : entity;
  });
}

/** The form to compare: mentions without their server, complete links, normalized white space. */
function canonical(text: string): string {
  return withLinks(withoutDomains(levelText(text)), canonicalLink);
}

function canonicalLink(link: string): string {
  return parseUrl(link)?.href ?? link;
}

function lettersOnly(text: string): string {
  const withoutLinks = withLinks(withoutDomains(normalizeText(text, 'NFKC')), () => ' ');
  return withoutLinks.replace(/[^\p{L}\p{N}\p{Extended_Pictographic}]+/gu, '').toLowerCase();
}
