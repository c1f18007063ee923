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

const BlobRef = Type.Object(
  {
    $type: Type.Literal('blob'),
    ref: Type.Object({ $link: Type.String({ pattern: '^b[a-z2-7]{58}$' }) }, strict),
    mimeType: Type.String({ pattern: '^image/' }),
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

const Images = Type.Object(
  {
    $type: Type.Literal('app.bsky.embed.images'),
    images: Type.Array(
      Type.Object(
        {
          image: BlobRef,
          alt: Type.String(),
          aspectRatio: Type.Optional(
            Type.Object(
              { width: Type.Integer({ minimum: 1 }), height: Type.Integer({ minimum: 1 }) },
              strict,
            ),
          ),
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

const embeds = new Map<string, TSchema>([
  ['app.bsky.embed.images', Images],
  ['app.bsky.embed.external', External],
]);

const PostRecord = Type.Object(
  {
    $type: Type.Literal('app.bsky.feed.post'),
    text: Type.String(),
    createdAt: Type.String({
      pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$',
    }),
    facets: Type.Optional(Type.Array(Facet)),
    embed: Type.Optional(Type.Object({ $type: Type.String() })),
    langs: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$' }), { maxItems: 3 }),
    ),
    tags: Type.Optional(Type.Array(Type.String(), { maxItems: 8 })),
    reply: anything,
    labels: anything,
  },
  strict,
);
type Embed = Static<typeof Images> | Static<typeof External>;
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
  if (tags.some((tag) => tag === '' || countGraphemes(tag) > maxTagGraphemes))
    return 'tag has a wrong length';
  return findFacetProblem(bytes, post.facets ?? []) ?? findEmbedProblem(post.embed);
}

/** Blobs that the record names, with the words beside them. */
export function blobsOf({ embed }: PostRecord): { blob: BlobRef; alt: string }[] {
  if (embed?.$type === 'app.bsky.embed.images') {
    return embed.images.map(({ image, alt }) => ({ blob: image, alt }));
  }
  const thumb = embed?.external.thumb;
  return thumb ? [{ blob: thumb, alt: '' }] : [];
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
  return problem && `embed.${problem.field} ${problem.rule}`;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const countGraphemes = (text: string) => [...segmenter.segment(text)].length;
const byStart = (a: { byteStart: number }, b: { byteStart: number }) => a.byteStart - b.byteStart;
/** Bytes of UTF-8 that go on with a character are 10xxxxxx. */
const startsCharacter = (text: Buffer, at: number) => at === text.length || ((text[at] ?? 0) & 0xc0) !== 0x80;
const tagsOf = (facet: Facet) => facet.features.flatMap((feature) => ('tag' in feature ? [feature.tag] : []));
