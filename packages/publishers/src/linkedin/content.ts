import type { PublishCall } from '../publisher.ts';
import { uploads } from './uploads.ts';

const MAX_TITLE_LENGTH = 100;

/** What stands beside the text: nothing, one file, or several images, which are of another kind than one. */
export function contentOf(call: PublishCall): { content?: unknown } {
  const attached = call.media.map((file) => {
    const id = uploads.find(call, file)?.urn;
    // A video has no field for it, and a document a title instead.
    if (file.kind === 'video') return { id };
    if (file.kind === 'document') return { id, title: titleOf(call.text) };
    return { id, ...(file.altText ? { altText: file.altText } : {}) };
  });
  const [only, ...more] = attached;
  if (!only) return {};
  return { content: more.length === 0 ? { media: only } : { multiImage: { images: attached } } };
}

/** The first line of a text, cut between words where that is too long. */
export function titleOf(text: string): string {
  const characters = [...(text.trim().split(/\s*[\r\n]/)[0] ?? '')];
  if (characters.length <= MAX_TITLE_LENGTH) return characters.join('');
  const cut = characters.slice(0, MAX_TITLE_LENGTH - 1).join('');
  return `${cut.replace(/\s+\S*$/, '')}…`;
}
