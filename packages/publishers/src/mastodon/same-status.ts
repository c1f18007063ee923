import { parseUrl } from '@solospark/foundation';
import type { Likeness } from '../look-up.ts';
import type { RemoteStatus } from './api.ts';
import { withLinks, withoutDomains } from './count.ts';
import { levelText, normalizeText } from '../normalize.ts';

/** `mediaIds`, `mediaUrls`: all under which a file of this delivery was ever uploaded. */
export interface Sent {
  text: string;
  spoilerText: string;
  hasMedia: boolean;
  mediaIds: string[];
  mediaUrls: string[];
}

/**
 * Is this the status that was sent? A file belongs to one status, so the id of one of ours in it is proof, whatever became
 * of the text. Otherwise the text and its warning decide, which the server gives back as HTML, or as they were written,
 * together with the addresses of the files. With the same words, but other links, punctuation, spaces or media, it is only
 * similar: it may be ours, changed by the server's software in a way not foreseen here (some read Markdown), or another one
 * from the same mould.
 */
export function compareStatus(sent: Sent, status: RemoteStatus): Likeness {
  if (status.reblog) return 'different';
  const attached = status.media_attachments ?? [];
  if (attached.some(({ id }) => sent.mediaIds.includes(id))) return 'same';

  const urls = attached.map(({ url }) => url ?? '');
  const hasOurs = urls.some((url) => sent.mediaUrls.includes(url));
  // A link to an image may be shown as an image.
  const fitsMedia = sent.hasMedia ? hasOurs : urls.every((url) => url !== '' && sent.text.includes(url));
  const isSameWarning = canonical(status.spoiler_text ?? '') === canonical(sent.spoilerText);
  const texts = [textOf(status.content), ...(status.text ? [status.text] : [])];
  const hasText = (form: (text: string) => string) => texts.some((text) => form(text) === form(sent.text));
  if (fitsMedia && isSameWarning && hasText(canonical)) return 'same';
  return hasOurs || hasText(lettersOnly) ? 'similar' : 'different';
}

/** The text behind the HTML: a link is what it leads to, however much of it is shown. */
export function textOf(html: string): string {
  const pieces: string[] = [];
  let at = 0;
  /** The link that is open: its attributes, and which piece is the first of its words. */
  let link: { attributes: string; from: number } | undefined;
  // Tag by tag: an expression that looks for the end of each tag reads a hostile page again for every `<` in it.
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
  // Mentions and tags lead to pages of the server's own.
  if (/^\s*[#@]/.test(unescape(words)) || /\bclass=["'][^"']*\b(mention|hashtag)\b/i.test(attributes))
    return words;
  return /\bhref=(["'])(.*?)\1/is.exec(attributes)?.[2] ?? words;
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** In one pass: what an entity stands for may look like another one. */
function unescape(html: string): string {
  return html.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (entity, hex, decimal, name) => {
    if (name !== undefined) return named[String(name).toLowerCase()] ?? entity;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : entity;
  });
}

/** One form for both sides: mentions without their server, links in full, white space level. */
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
