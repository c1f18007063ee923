/** What the suites that run over every publisher have to know of its platform. */
export interface SuiteFacts {
  /** The sandbox's step that uploads or makes something before anything is public; null: `prepare` only reads, or is left out. */
  quietStep: string | null;
  /** The sandbox's step that `lookUp` reads; null: an unclear public call stays uncertain. */
  lookUpStep: string | null;
  /** How many calls before the public one an image with an alt text takes; 0: the public call carries the files. */
  callsPerImage: number;
  /** How many more an album takes. */
  callsPerAlbum?: number;
  /** An image is remembered only after its second call. */
  remembersInPairs?: true;
  /** Images are processed after the upload, which may fail. */
  processesImages?: true;
  /** The answer to the public call has no body, so none can be truncated. */
  answersWithoutBody?: true;
  /** The public call is idempotent: "absent" is believed before the first send is listed. */
  maySendTwice?: true;
  /** Where the publisher builds the post's link itself: its host. The sandbox has its page at the same path. */
  linkHost?: string;
  /** Changes how a link is shown. */
  shows?: (text: string) => string;
}

/** By the id of the publisher. */
const FACTS: Record<string, SuiteFacts> = {
  x: { quietStep: 'upload', lookUpStep: 'lookup', callsPerImage: 2, linkHost: 'https://x.com' },
  instagram: {
    quietStep: 'container',
    lookUpStep: 'status',
    callsPerImage: 1,
    callsPerAlbum: 1,
    processesImages: true,
  },
  linkedin: {
    quietStep: 'upload',
    lookUpStep: null,
    callsPerImage: 2,
    remembersInPairs: true,
    processesImages: true,
    answersWithoutBody: true,
    linkHost: 'https://www.linkedin.com',
  },
  bluesky: {
    quietStep: 'upload',
    lookUpStep: 'lookup',
    callsPerImage: 1,
    maySendTwice: true,
    linkHost: 'https://bsky.app',
    shows: (text) => text.replaceAll('https://', ''),
  },
  mastodon: { quietStep: 'upload', lookUpStep: 'lookup', callsPerImage: 1, processesImages: true },
};

export function factsOf(id: string): SuiteFacts {
  const facts = FACTS[id];
  if (!facts) throw new Error(`"${id}" has no line in packages/publishers/test/suite-facts.ts: add one`);
  return facts;
}
