import { Type, type Static } from 'typebox';
import type { Likeness } from '../look-up.ts';
import { fromLittleText } from './little-text.ts';
import { levelText, normalizeText } from '../normalize.ts';

const FileRef = Type.Object({ id: Type.String() });

/** A post as the finder lists it. Times are epoch milliseconds. */
export const PostSchema = Type.Object({
  id: Type.String({ minLength: 1 }),
  /** Of a post without words, which the list leaves out as well. */
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
 * Is this the post that was sent? Its text comes back as markup, perhaps in another notation than ours, and its files
 * under the URNs that it was sent with, or its card with the same link. With the same letters, but other punctuation or files, it is only similar: it may
 * be ours, changed by LinkedIn in a way not foreseen here, or another one from the same mould.
 */
export function comparePost(sent: { text: string; attached: string[] }, post: RemotePost): Likeness {
  const commentary = post.commentary ?? '';
  if (commentary.length > LONGEST_COMMENTARY) return 'different';
  const theirs = fromLittleText(commentary);
  const hasSame = sent.attached.join() === attachedTo(post).join();
  if (hasSame && levelText(theirs) === levelText(sent.text)) return 'same';
  return lettersOnly(theirs) === lettersOnly(sent.text) ? 'similar' : 'different';
}

/** LinkedIn takes half of this. What is longer is not read: its markup is found in more than linear time. */
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
