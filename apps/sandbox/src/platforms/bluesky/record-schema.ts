import { Type, type Static, type TSchema } from 'typebox';
import { findProblem } from '../../validation.ts';

const strict = { additionalProperties: false };
const anything = Type.Optional(Type.Unknown());
/** As the lexicons have it: a scheme, a colon, and no space. */
const uri = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9+.-]*:\\S+$', maxLength: 8192 });
const offset = Type.Integer({ minimum: 0 });
const optionalType = (name: string) => Type.Optional(Type.Literal(name));

const maxGraphemes = 300;
const maxBytes = 3000;
const maxTagGraphemes = 64;
const maxTagBytes = 640;
const maxVideoAltGraphemes = 1000;
const maxVideoAltBytes = 10_000;
/** What servers enforce today; the lexicon allows 2,000,000, and not every server has it. */
const maxImageBytes = 1_000_000;
/** Raised from 50,000,000, and to 300,000,000 since; this is in between, where it has been seen. */
const maxVideoBytes = 100_000_000;

/** RFC 5646, without the tags that were there before its rules. */
const languageTag = [
  '^((?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})',
  '(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*',
  '(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*(?:-x(?:-[A-Za-z0-9]{1,8})+)?|x(?:-[A-Za-z0-9]{1,8})+)$',
].join('');

const BlobRef = Type.Object(
  {
    $type: Type.Literal('blob'),
    ref: Type.Object({ $link: Type.String({ pattern: '^b[a-z2-7]{58}$' }) }, strict),
    mimeType: Type.String(),
    size: Type.Integer({ minimum: 1 }),
  },
  strict,
);
export type BlobRef = Static<typeof BlobRef>;

const Facet = Type.Object(
  {
    $type: optionalType('app.bsky.richtext.facet'),
    index: Type.Object(
      { $type: optionalType('app.bsky.richtext.facet#byteSlice'), byteStart: offset, byteEnd: offset },
      strict,
    ),
    features: Type.Array(
      Type.Union([
        Type.Object({ $type: Type.Literal('app.bsky.richtext.facet#link'), uri }, strict),
        Type.Object(
          {
            $type: Type.Literal('app.bsky.richtext.facet#mention'),
            did: Type.String({ pattern: '^did:[a-z]+:[A-Za-z0-9._:%-]+$' }),
          },
          strict,
        ),
        Type.Object({ $type: Type.Literal('app.bsky.richtext.facet#tag'), tag: Type.String() }, strict),
      ]),
      { minItems: 1 },
    ),
  },
  strict,
);
type Facet = Static<typeof Facet>;

const AspectRatio = Type.Object(
  { width: Type.Integer({ minimum: 1 }), height: Type.Integer({ minimum: 1 }) },
  strict,
);

const Images = Type.Object(
  {
    $type: Type.Literal('app.bsky.embed.images'),
    images: Type.Array(
      Type.Object(
        {
          image: BlobRef,
          alt: Type.String(),
          aspectRatio: Type.Optional(AspectRatio),
        },
        strict,
      ),
      { maxItems: 4 },
    ),
  },
  strict,
);

const External = Type.Object(
  {
    $type: Type.Literal('app.bsky.embed.external'),
    external: Type.Object(
      { uri, title: Type.String(), description: Type.String(), thumb: Type.Optional(BlobRef) },
      strict,
    ),
  },
  strict,
);

/** Captions and `presentation` are not played. */
const Video = Type.Object(
  {
    $type: Type.Literal('app.bsky.embed.video'),
    video: BlobRef,
    alt: Type.Optional(Type.String()),
    aspectRatio: Type.Optional(AspectRatio),
  },
  strict,
);

const embeds = new Map<string, TSchema>([
  ['app.bsky.embed.images', Images],
  ['app.bsky.embed.external', External],
  ['app.bsky.embed.video', Video],
]);

const SelfLabels = Type.Object(
  {
    $type: Type.Literal('com.atproto.label.defs#selfLabels'),
    values: Type.Array(Type.Object({ val: Type.String({ maxLength: 128 }) }, strict), { maxItems: 10 }),
  },
  strict,
);

const PostRecord = Type.Object(
  {
    $type: Type.Literal('app.bsky.feed.post'),
    text: Type.String(),
    createdAt: Type.String({
      pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$',
    }),
    facets: Type.Optional(Type.Array(Facet)),
    embed: Type.Optional(Type.Object({ $type: Type.String() })),
    langs: Type.Optional(Type.Array(Type.String({ pattern: languageTag }), { maxItems: 3 })),
    tags: Type.Optional(Type.Array(Type.String(), { maxItems: 8 })),
    reply: anything,
    labels: Type.Optional(SelfLabels),
  },
  strict,
);
type Embed = Static<typeof Images> | Static<typeof External> | Static<typeof Video>;
export type PostRecord = Omit<Static<typeof PostRecord>, 'embed'> & { embed?: Embed };

/** `app.bsky.feed.post`. The sentence that refuses it, or undefined when it may stand. */
export function findRecordProblem(record: unknown): string | undefined {
  const problem = findProblem(PostRecord, record);
  if (problem) return `${problem.field} ${problem.rule}`;
  const post = record as PostRecord;
  const graphemes = countGraphemes(post.text);
  if (graphemes > maxGraphemes)
    return `grapheme too big (maximum ${maxGraphemes}, got ${graphemes}) at $.record.text`;
  const bytes = Buffer.from(post.text);
  if (bytes.length > maxBytes)
    return `string too big (maximum ${maxBytes}, got ${bytes.length}) at $.record.text`;
  if (Number.isNaN(Date.parse(post.createdAt))) return 'createdAt must be a valid datetime';
  const tags = [...(post.tags ?? []), ...(post.facets ?? []).flatMap(tagsOf)];
  if (
    tags.some((tag) => tag === '' || countGraphemes(tag) > maxTagGraphemes || byteLength(tag) > maxTagBytes)
  )
    return 'tag has a wrong length';
  return (
    findFacetProblem(bytes, post.facets ?? []) ??
    findEmbedProblem(post.embed) ??
    blobsOf(post).map(findBlobProblem).find(Boolean)
  );
}

interface NamedBlob {
  blob: BlobRef;
  alt: string;
  /** What its place in the record takes. */
  accept: 'image/' | 'video/mp4';
  maxSize: number;
}

/** Blobs that the record names, with the words beside them. */
export function blobsOf({ embed }: PostRecord): NamedBlob[] {
  const anImage = { accept: 'image/', maxSize: maxImageBytes } as const;
  switch (embed?.$type) {
    case undefined:
      return [];
    case 'app.bsky.embed.images':
      return embed.images.map(({ image, alt }) => ({ blob: image, alt, ...anImage }));
    case 'app.bsky.embed.external':
      return embed.external.thumb ? [{ blob: embed.external.thumb, alt: '', ...anImage }] : [];
    case 'app.bsky.embed.video':
      return [{ blob: embed.video, alt: embed.alt ?? '', accept: 'video/mp4', maxSize: maxVideoBytes }];
  }
}

/** What the author chose besides the text and the files. */
export function settingsOf({ langs, labels, embed }: PostRecord): Record<string, unknown> {
  return {
    ...(langs && { langs }),
    ...(labels && { labels: labels.values.map(({ val }) => val) }),
    ...(embed?.$type === 'app.bsky.embed.external' && { external: embed.external }),
  };
}

/** By what the record says of the blob; whether that is true, shows when the blob is looked for. */
function findBlobProblem({ blob, accept, maxSize }: NamedBlob): string | undefined {
  if (!blob.mimeType.startsWith(accept)) return `expected "${accept}" (got "${blob.mimeType}")`;
  return blob.size > maxSize ? `blob too big (maximum ${maxSize}, got ${blob.size})` : undefined;
}

/** Offsets count bytes of UTF-8. A real server takes any, and apps then drop the facet, which nobody would notice. */
function findFacetProblem(text: Buffer, facets: Facet[]): string | undefined {
  let end = 0;
  for (const { byteStart, byteEnd } of facets.map((facet) => facet.index).sort(byStart)) {
    if (byteEnd <= byteStart || byteEnd > text.length) return 'facet lies outside of the text';
    if (!startsCharacter(text, byteStart) || !startsCharacter(text, byteEnd)) return 'facet cuts a character';
    if (byteStart < end) return 'facets overlap';
    end = byteEnd;
  }
  return undefined;
}

function findEmbedProblem(embed: PostRecord['embed']): string | undefined {
  if (!embed) return undefined;
  const schema = embeds.get(embed.$type);
  if (!schema) return `embed ${embed.$type} is not played here`;
  const problem = findProblem(schema, embed);
  if (problem) return `embed.${problem.field} ${problem.rule}`;
  const alt = embed.$type === 'app.bsky.embed.video' ? (embed.alt ?? '') : '';
  const isTooLong = countGraphemes(alt) > maxVideoAltGraphemes || byteLength(alt) > maxVideoAltBytes;
  return isTooLong ? 'embed.alt is too long' : undefined;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const countGraphemes = (text: string) => [...segmenter.segment(text)].length;
const byteLength = (text: string) => Buffer.byteLength(text);
const byStart = (a: { byteStart: number }, b: { byteStart: number }) => a.byteStart - b.byteStart;
/** Bytes of UTF-8 that go on with a character are 10xxxxxx. */
const startsCharacter = (text: Buffer, at: number) => at === text.length || ((text[at] ?? 0) & 0xc0) !== 0x80;
const tagsOf = (facet: Facet) => facet.features.flatMap((feature) => ('tag' in feature ? [feature.tag] : []));
