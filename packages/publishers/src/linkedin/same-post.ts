import { Type, type Static } from 'typebox';
import type { Likeness } from '../look-up.ts';
import { fromLittleText } from './little-text.ts';
import { levelText, normalizeText } from '../normalize.ts';

const FileRef = Type.Object({ id: Type.String() });

/** A post in the finder's list. Times are epoch milliseconds. */
export const PostSchema = Type.Object({
  id: Type.String({ minLength: 1 }),
  /** Optional: the list may leave it out for a post without a text. */
  commentary: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  createdAt: Type.Number(),
  lastModifiedAt: Type.Number(),
  content: Type.Optional(
    Type.Object({
      media: Type.Optional(FileRef),
      multiImage: Type.Optional(Type.Object({ images: Type.Array(FileRef) })),
      article: Type.Optional(Type.Object({ source: Type.String() })),
    }),
  ),
});
export type RemotePost = Static<typeof PostSchema>;

/**
 * Compares a listed post with the sent one. The list returns the text as markup, perhaps in another notation than ours, the files
 * under the URNs that were sent, or the card with the same link. A post with the same letters but other punctuation or files is
 * only similar: it may be ours, changed by LinkedIn in an unknown way, or another post from the same template.
 */
export function comparePost(sent: { text: string; attached: string[] }, post: RemotePost): Likeness {
  const commentary = post.commentary ?? '';
  if (commentary.length > LONGEST_COMMENTARY) return 'different';
  const theirs = fromLittleText(commentary);
  const hasSame = sent.attached.join() === attachedTo(post).join();
  if (hasSame && levelText(theirs) === levelText(sent.text)) return 'same';
  return lettersOnly(theirs) === lettersOnly(sent.text) ? 'similar' : 'different';
}

/** Twice what LinkedIn takes. A longer text is not read: the search for markup takes more than linear time. */
const LONGEST_COMMENTARY = 6_000;

function attachedTo({ content }: RemotePost): string[] {
  if (content?.article) return [content.article.source];
  const files = content?.multiImage?.images ?? (content?.media ? [content.media] : []);
  return files.map(({ id }) => id);
}

function lettersOnly(text: string): string {
  return normalizeText(text, 'NFKC')
    .replace(/[^\p{L}\p{N}\p{Extended_Pictographic}]+/gu, '')
    .toLowerCase();
}
