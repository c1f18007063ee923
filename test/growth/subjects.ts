import { byteRangeOf } from '../../apps/api/src/http/byte-range.ts';
import { escapeHtml } from '../../apps/api/src/http/page.ts';
import { revisionOf } from '../../apps/api/src/http/revision.ts';
import { parseServer } from '../../packages/domain/src/connection/connection.ts';
import { parseScheduledAt } from '../../packages/domain/src/post/post.ts';
import { hasVisibleText } from '../../packages/foundation/src/visible-text.ts';
import { findFacets, findHandles } from '../../packages/publishers/src/bluesky/facets.ts';
import { richTextOf } from '../../packages/publishers/src/bluesky/rich-text.ts';
import { describe as describeAnswer } from '../../packages/publishers/src/detail.ts';
import { countGraphemes } from '../../packages/publishers/src/graphemes.ts';
import { titleOf } from '../../packages/publishers/src/linkedin/content.ts';
import { toLittleText } from '../../packages/publishers/src/linkedin/little-text.ts';
import { comparePost as compareOnLinkedin } from '../../packages/publishers/src/linkedin/same-post.ts';
import { countedLength } from '../../packages/publishers/src/mastodon/count.ts';
import { compareStatus, textOf } from '../../packages/publishers/src/mastodon/same-status.ts';
import type { Draft, DraftMedia, Limits, Publisher } from '../../packages/publishers/src/index.ts';
import { publishers } from '../../packages/publishers/src/registry.ts';
import { checkSettings } from '../../packages/publishers/src/settings.ts';
import { comparePost as compareOnX } from '../../packages/publishers/src/x/same-post.ts';

/** Code of ours that reads input from outside. */
export interface Subject {
  name: string;
  /** The length of the largest text that can reach it. */
  largest: number;
  run: (text: string) => unknown;
}

/** `maxLength` of a text in schemas.ts; answers of other servers may be as long. */
const TEXT = 100_000;
/** Node's limit for all headers and the URL together. */
const HEADERS = 16_384;

/** Each publisher's check, with every text of a draft in turn. */
const checks: Subject[] = publishers.flatMap((publisher) => [
  checkOf(publisher, 'text', (text) => ({ text })),
  checkOf(publisher, 'text, twice', (text) => ({
    text: `${text.slice(0, TEXT / 2)} ${text.slice(TEXT / 2)}`,
  })),
  checkOf(publisher, 'alt text', (altText) => ({
    media: [
      { ...IMAGE, altText },
      { ...VIDEO, altText },
    ],
  })),
  ...settingsChecks(publisher),
]);

const parsers: Subject[] = [
  // Also with a text that is too long: its length is known only after its links were shortened.
  { name: 'facets of a post on Bluesky', largest: TEXT, run: (text) => findFacets(text, new Map()) },
  { name: 'what a post on Bluesky shows', largest: TEXT, run: (text) => richTextOf(text, new Map()) },
  { name: 'handles of a post on Bluesky', largest: TEXT, run: findHandles },
  { name: 'graphemes', largest: TEXT, run: countGraphemes },
  { name: 'length of a status on Mastodon', largest: TEXT, run: (text) => countedLength(text, 23, text) },
  { name: 'something to see', largest: TEXT, run: hasVisibleText },
  // These get only texts that passed the check, so none is longer.
  { name: 'little text of LinkedIn', largest: 3_000, run: toLittleText },
  { name: 'title of a document on LinkedIn', largest: 3_000, run: titleOf },
  // Texts from the lists of other servers.
  { name: 'a status listed by a Mastodon server', largest: TEXT, run: textOf },
  {
    name: 'comparing a status of a Mastodon server',
    largest: TEXT,
    run: (content) =>
      compareStatus(
        { text: content, spoilerText: '', hasMedia: false, mediaIds: [], mediaUrls: [] },
        { id: '1', content, spoiler_text: content },
      ),
  },
  {
    name: 'comparing a post listed by X',
    largest: TEXT,
    run: (text) => compareOnX({ text: 'sent', mediaCount: 0 }, { id: '1', text, created_at: '' }),
  },
  {
    name: 'comparing a post listed by LinkedIn',
    largest: TEXT,
    run: (commentary) =>
      compareOnLinkedin(
        { text: 'sent', attached: [] },
        { id: '1', commentary, createdAt: 0, lastModifiedAt: 0 },
      ),
  },
  {
    name: 'the words of an answer for the ledger',
    largest: TEXT,
    run: (text) =>
      describeAnswer(
        { credentials: { accessToken: 'token' }, text: text.slice(0, 100) },
        {
          status: 400,
          headers: new Headers(),
          text: '',
          json: { message: text, errors: [{ detail: text }] },
        },
      ),
  },
  { name: 'a header Range', largest: HEADERS, run: (text) => byteRangeOf(text, 1_000) },
  { name: 'a header If-Match', largest: HEADERS, run: refused(revisionOf) },
  { name: 'a time of a schedule', largest: TEXT, run: refused((text) => parseScheduledAt(text, new Date())) },
  {
    name: 'the name of a server',
    largest: 253,
    run: refused((text) => parseServer({ ...somePublisher(), anyServer: true }, text, false)),
  },
  { name: 'a text on a page', largest: TEXT, run: escapeHtml },
];

export const subjects: Subject[] = [...checks, ...parsers];

const NO_VIDEO = { durationMs: null, frameRate: null, videoCodec: null, audioCodec: null, pageCount: null };
const IMAGE: DraftMedia = {
  ...NO_VIDEO,
  ...{ kind: 'image', mimeType: 'image/jpeg', byteSize: 1_000, width: 1_080, height: 1_080, altText: null },
};
const VIDEO: DraftMedia = {
  ...IMAGE,
  ...{ kind: 'video', mimeType: 'video/mp4', durationMs: 10_000, frameRate: 30, videoCodec: 'h264' },
};

function somePublisher(): Publisher {
  const [publisher] = publishers;
  if (!publisher) throw new Error('there is no publisher');
  return publisher;
}

/** Runs the check also with a server's own limits, which may allow texts as long as the API does. */
function checkOf(publisher: Publisher, what: string, draftOf: (text: string) => Partial<Draft>): Subject {
  const generous: Limits = {
    ...publisher.limits,
    maxTextLength: publisher.readLimits ? TEXT : publisher.limits.maxTextLength,
  };
  return {
    name: `check of ${publisher.name}: ${what}`,
    largest: TEXT,
    run: (text) => {
      const draft = { text: 'a', media: [], settings: {}, ...draftOf(text) };
      publisher.check(draft);
      publisher.check(draft, generous);
    },
  };
}

/** One subject for each text setting of the schema. Settings that do not fit the schema never reach `check`. */
function settingsChecks(publisher: Publisher): Subject[] {
  const textSettings = Object.entries(publisher.settings.properties).filter(
    ([, schema]) => (schema as { type?: string }).type === 'string',
  );
  return textSettings.map(([name]) => ({
    name: `check of ${publisher.name}: ${name}`,
    largest: TEXT,
    run: (text: string) => {
      const settings = { [name]: text };
      if (checkSettings(publisher, settings).length === 0)
        publisher.check({ text: 'a', media: [], settings });
    },
  }));
}

/** Wraps a function that refuses by throwing. */
function refused(run: (text: string) => unknown): (text: string) => unknown {
  return (text) => {
    try {
      return run(text);
    } catch {
      return undefined;
    }
  };
}
