import type { PublishCall } from '../publisher.ts';
import { settingsOf } from './settings.ts';
import { uploads } from './uploads.ts';

const MAX_TITLE_LENGTH = 100;

/** The content beside the text: nothing, a link card, one file, or several images (a type of its own). */
export function contentOf(call: PublishCall): { content?: unknown } {
  const { article, documentTitle } = settingsOf(call);
  const [first] = call.media;
  if (article) {
    const { url: source, title, description } = article;
    const thumbnail = first && {
      thumbnail: uploads.find(call, first)?.urn,
      ...(first.altText ? { thumbnailAltText: first.altText } : {}),
    };
    return { content: { article: { source, title, ...(description ? { description } : {}), ...thumbnail } } };
  }
  const attached = call.media.map((file) => {
    const id = uploads.find(call, file)?.urn;
    // A video has no field for its alternative text, and a document a title instead.
    if (file.kind === 'video') return { id };
    if (file.kind === 'document') return { id, title: documentTitle.trim() || titleOf(call.text) };
    return { id, ...(file.altText ? { altText: file.altText } : {}) };
  });
  const [only, ...more] = attached;
  if (!only) return {};
  return { content: more.length === 0 ? { media: only } : { multiImage: { images: attached } } };
}

/** The URNs or the link that identify the content in a listed post. */
export function attachedTo(call: PublishCall): string[] {
  const { article } = settingsOf(call);
  return article ? [article.url] : call.media.map((file) => uploads.find(call, file)?.urn ?? '');
}

/** The first line of a text, cut between words if it is too long. */
export function titleOf(text: string): string {
  const characters = [...(text.trim().split(/[\r\n]/, 1)[0] ?? '').trimEnd()];
  if (characters.length <= MAX_TITLE_LENGTH) return characters.join('');
  const cut = characters.slice(0, MAX_TITLE_LENGTH - 1).join('');
  return `${cut.replace(/\s+\S*$/, '')}…`;
}
