import { jsonToLex, Lexicons, type LexiconDoc } from '@atproto/lexicon';
import { lexicons } from './lexicons.ts';

// Validates `app.bsky.feed.post` with Bluesky's own lexicons and validator, so that it accepts what Bluesky accepts.

export interface BlobRef {
  $type: 'blob';
  ref: { $link: string };
  mimeType: string;
  size: number;
}

interface Facet {
  index: { byteStart: number; byteEnd: number };
}

/** The fields of a validated record that the sandbox reads. */
export interface PostRecord {
  text: string;
  createdAt: string;
  facets?: Facet[];
  embed?: Embed;
  langs?: string[];
  labels?: { values?: { val: string }[] };
  reply?: { root: StrongRef; parent: StrongRef };
}

interface StrongRef {
  uri: string;
  cid: string;
}

interface Embed {
  $type: string;
  [field: string]: unknown;
}

const known = new Lexicons(lexicons);
const postFields = fieldsOf(lexicons.find(({ id }) => id === 'app.bsky.feed.post'));

/** The reason to refuse the record; undefined when it is valid. */
export function findRecordProblem(
  record: unknown,
  { refusesSlips }: { refusesSlips: boolean },
): string | undefined {
  try {
    known.assertValidRecord('app.bsky.feed.post', jsonToLex(record));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const post = record as PostRecord;
  return blobsOf(post).map(findBlobProblem).find(Boolean) ?? (refusesSlips ? findSlip(post) : undefined);
}

interface NamedBlob {
  blob: BlobRef;
  alt: string;
  /** The types that its place in the record accepts. */
  accept: string;
  maxSize: number;
}

/** The blobs that the record references, with their texts. Embeds that the lexicons do not know are not searched for blobs. */
export function blobsOf({ embed }: Pick<PostRecord, 'embed'>): NamedBlob[] {
  switch (embed?.$type) {
    case 'app.bsky.embed.images': {
      const images = embed['images'] as { image: BlobRef; alt: string }[];
      return images.map(({ image, alt }) => ({
        blob: image,
        alt,
        ...placeOf(embed.$type, 'image', 'image'),
      }));
    }
    case 'app.bsky.embed.external': {
      const { thumb } = embed['external'] as { thumb?: BlobRef };
      return thumb ? [{ blob: thumb, alt: '', ...placeOf(embed.$type, 'external', 'thumb') }] : [];
    }
    case 'app.bsky.embed.video': {
      const captions = (embed['captions'] ?? []) as { lang: string; file: BlobRef }[];
      const video = {
        blob: embed['video'] as BlobRef,
        alt: (embed['alt'] as string | undefined) ?? '',
        ...placeOf(embed.$type, 'main', 'video'),
      };
      const subtitles = captions.map(({ lang, file }) => ({
        blob: file,
        alt: lang,
        ...placeOf(embed.$type, 'caption', 'file'),
      }));
      return [video, ...subtitles];
    }
    case 'app.bsky.embed.recordWithMedia':
      return blobsOf({ embed: embed['media'] as Embed });
    default:
      return [];
  }
}

/** The author's choices besides the text and the files. */
export function settingsOf({ langs, labels, embed, reply }: PostRecord): Record<string, unknown> {
  const quoted = quotedBy(embed);
  return {
    ...(langs && { langs }),
    ...(labels?.values && { labels: labels.values.map(({ val }) => val) }),
    ...(embed?.$type === 'app.bsky.embed.external' && { external: embed['external'] }),
    ...(quoted !== undefined && { quoted }),
    ...(reply && { inReplyTo: reply.parent.uri }),
  };
}

function quotedBy(embed: Embed | undefined): string | undefined {
  const { record } = (embed ?? {}) as { record?: StrongRef | { record: StrongRef } };
  if (embed?.$type === 'app.bsky.embed.record') return (record as StrongRef).uri;
  if (embed?.$type === 'app.bsky.embed.recordWithMedia') return (record as { record: StrongRef }).record.uri;
  return undefined;
}

/** The types and the size that the lexicon allows for a blob. The validator checks neither, but the real server does. */
function placeOf(id: string, definition: string, field: string): { accept: string; maxSize: number } {
  const place = fieldsOf(
    lexicons.find((document) => document.id === id),
    definition,
  )[field];
  const { accept = ['*/*'], maxSize = Infinity } = place as { accept?: string[]; maxSize?: number };
  return { accept: accept[0] ?? '*/*', maxSize };
}

function fieldsOf(document: LexiconDoc | undefined, definition = 'main'): Record<string, unknown> {
  const found = document?.defs[definition];
  const object = found?.type === 'record' ? found.record : found;
  return object?.type === 'object' ? object.properties : {};
}

/** Checks the type and size that the record declares; `findBlob` compares them with the uploaded blob. */
function findBlobProblem({ blob, accept, maxSize }: NamedBlob): string | undefined {
  const wanted = accept.replace(/\*.*$/, '');
  if (!blob.mimeType.startsWith(wanted)) return `expected "${accept}" (got "${blob.mimeType}")`;
  return blob.size > maxSize ? `blob too big (maximum ${maxSize}, got ${blob.size})` : undefined;
}

/** Finds mistakes that servers accept but apps ignore: an unknown field, a facet outside the text, a date without a zone. */
function findSlip(post: PostRecord): string | undefined {
  const unknown = Object.keys(post).find((field) => field !== '$type' && !(field in postFields));
  if (unknown !== undefined) return `${unknown} is not a known field`;
  // The protocol requires a zone; the validator does not.
  if (!/(?:Z|[+-]\d\d:\d\d)$/.test(post.createdAt)) return 'createdAt has no time zone';
  const text = Buffer.from(post.text);
  let end = 0;
  for (const { byteStart, byteEnd } of (post.facets ?? []).map((facet) => facet.index).sort(byStart)) {
    if (byteEnd <= byteStart || byteEnd > text.length) return 'facet lies outside of the text';
    if (!startsCharacter(text, byteStart) || !startsCharacter(text, byteEnd)) return 'facet cuts a character';
    if (byteStart < end) return 'facets overlap';
    end = byteEnd;
  }
  return undefined;
}

const byStart = (a: { byteStart: number }, b: { byteStart: number }) => a.byteStart - b.byteStart;
/** In UTF-8, continuation bytes of a character are 10xxxxxx. */
const startsCharacter = (text: Buffer, at: number) => at === text.length || ((text[at] ?? 0) & 0xc0) !== 0x80;
