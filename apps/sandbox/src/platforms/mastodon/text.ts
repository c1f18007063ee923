import { escapeHtml } from '../../html.ts';

/** A link, mention or hashtag in a text. They do not overlap. Positions are in UTF-16 code units. */
interface Entity {
  kind: 'url' | 'mention' | 'hashtag';
  start: number;
  text: string;
}

const word = String.raw`[\p{L}\p{M}\p{N}_]`;
const label = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?`;
// Links need a scheme. Any top-level domain of two or more letters is accepted; Mastodon has a list of them.
const url = String.raw`(?<![\p{L}\p{N}@#$/])https?:\/\/(?:${label}\.)+\p{L}{2,}(?::\d+)?(?:\/[^\s<>]*)?(?:\?[^\s<>"]*)?`;
const mention = String.raw`(?<![=/]|${word})@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*(?:@${word}+(?:[.-]+${word}+)*)?(?!@)`;
const hashtag = String.raw`(?<![/)]|${word})#${word}*[\p{L}_]${word}*`;
const entityPattern = new RegExp(`(?<url>${url})|(?<mention>${mention})|(?<hashtag>${hashtag})`, 'giu');

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Counts like `StatusLengthValidator`: the grapheme clusters (`each_grapheme_cluster`) of the warning and the text together. In
 * the text, a link has a fixed length, and the domain of a mention is not counted.
 */
export function countableLength(text: string, warning: string, charactersPerUrl: number): number {
  let countable = warning;
  let urls = 0;
  let position = 0;
  for (const entity of entitiesOf(text)) {
    countable += text.slice(position, entity.start);
    position = entity.start + entity.text.length;
    if (entity.kind === 'url') {
      countable += 'x';
      urls += 1;
    } else if (entity.kind === 'mention') countable += `@${entity.text.slice(1).split('@')[0] ?? ''}`;
    else countable += entity.text;
  }
  const graphemes = [...segmenter.segment(countable + text.slice(position))].length;
  return graphemes + urls * (charactersPerUrl - 1);
}

/** The HTML of a status: links are shortened with invisible spans, and mentions have no domain. */
export function formatHtml(text: string): string {
  let html = '';
  let position = 0;
  for (const entity of entitiesOf(text)) {
    html += escapeHtml(text.slice(position, entity.start)) + linkTo(entity);
    position = entity.start + entity.text.length;
  }
  html += escapeHtml(text.slice(position));
  return html
    .replaceAll(/\r\n?/g, '\n')
    .split(/\n\n+/)
    .map((paragraph) => `<p>${paragraph.replaceAll('\n', '<br />')}</p>`)
    .join('');
}

/** The distinct hashtags, in lower case. */
export function hashtagsOf(text: string): string[] {
  const tags = entitiesOf(text).filter(({ kind }) => kind === 'hashtag');
  return [...new Set(tags.map((tag) => tag.text.slice(1).toLowerCase()))];
}

function entitiesOf(text: string): Entity[] {
  const found: Entity[] = [];
  for (const match of text.matchAll(entityPattern)) {
    const kind = (['url', 'mention', 'hashtag'] as const).find((name) => match.groups?.[name] !== undefined);
    if (kind) found.push({ kind, start: match.index, text: kind === 'url' ? endUrl(match[0]) : match[0] });
  }
  return found;
}

/** Removes unbalanced closing brackets and trailing punctuation from a link. */
function endUrl(found: string): string {
  let end = found.length;
  const open: number[] = [];
  for (const [index, character] of [...found.matchAll(/[()]/g)].map((hit) => [hit.index, hit[0]] as const)) {
    if (character === '(') open.push(index);
    else if (open.pop() === undefined) {
      end = index;
      break;
    }
  }
  if (open[0] !== undefined) end = Math.min(end, open[0]);
  return found.slice(0, end).replace(/[!*"'「」;:,.$%[\]~|@?]+$/u, '');
}

const domainOf = (found: string) => /^@[^@]+(@.+)$/.exec(found)?.[1];

function linkTo({ kind, text }: Entity): string {
  switch (kind) {
    case 'url': {
      const prefix = /^https?:\/\/(?:www\.)?/i.exec(text)?.[0] ?? '';
      const [shown, rest] = [text.slice(prefix.length, prefix.length + 30), text.slice(prefix.length + 30)];
      const spans = [
        `<span class="invisible">${escapeHtml(prefix)}</span>`,
        `<span class="${rest === '' ? '' : 'ellipsis'}">${escapeHtml(shown)}</span>`,
        `<span class="invisible">${escapeHtml(rest)}</span>`,
      ];
      return `<a href="${escapeHtml(text)}" target="_blank" rel="nofollow noopener noreferrer">${spans.join('')}</a>`;
    }
    case 'mention': {
      const domain = domainOf(text);
      // Mentions of local accounts stay plain text, because they may not exist. Accounts of other servers are taken to exist.
      if (domain === undefined) return escapeHtml(text);
      const name = text.slice(1, -domain.length);
      return `<span class="h-card" translate="no"><a href="https://${escapeHtml(domain.slice(1))}/@${name}" class="u-url mention">@<span>${name}</span></a></span>`;
    }
    case 'hashtag': {
      const tag = escapeHtml(text.slice(1));
      return `<a href="https://mastodon.example/tags/${encodeURIComponent(text.slice(1))}" class="mention hashtag" rel="tag">#<span>${tag}</span></a>`;
    }
  }
}
