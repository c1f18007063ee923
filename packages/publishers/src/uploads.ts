import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { done, type Step } from './answer.ts';
import type { StreamedBody } from './http.ts';
import type { PublishCall, PublishMedia, Evidence } from './publisher.ts';

/**
 * What the platform has of a delivery's files, by the id of each file here. It stands in the evidence, and every entry is
 * committed as it comes, so that whoever prepares the delivery again uploads only what is missing. What an entry says,
 * and for how long it is good, is the platform's own matter.
 */
export interface Uploads<Upload> {
  /** Undefined: it was not uploaded, or has been forgotten. */
  find(call: PublishCall, file: PublishMedia): Upload | undefined;
  list(call: PublishCall): Upload[];
  keep(call: PublishCall, file: PublishMedia, upload: Upload): Promise<void>;
  forget(call: PublishCall, files: readonly PublishMedia[]): Promise<void>;
}

/**
 * `fact` is their name in the evidence. `readOlder` reads what was put down when a post could have one file only: a delivery
 * that was prepared then may be taken up now.
 */
export function uploadsUnder<S extends TSchema>(
  fact: string,
  schema: S,
  readOlder: (evidence: Evidence) => Static<S> | undefined = () => undefined,
): Uploads<Static<S>> {
  function entriesOf(call: PublishCall): Record<string, unknown> {
    const entries = call.evidence[fact];
    return Value.Check(Entries, entries) ? entries : {};
  }

  return {
    find(call, file) {
      const entry = entriesOf(call)[file.id];
      if (entry === undefined) return file.id === call.media[0]?.id ? readOlder(call.evidence) : undefined;
      return Value.Check(schema, entry) ? entry : undefined;
    },
    list: (call) =>
      Object.values(entriesOf(call)).flatMap((entry) => (Value.Check(schema, entry) ? [entry] : [])),
    keep: (call, file, upload) => call.remember({ [fact]: { ...entriesOf(call), [file.id]: upload } }),
    async forget(call, files) {
      // Put down as null, not left out: what was put down in the older way must not be taken up again.
      const forgotten = Object.fromEntries(files.map((file) => [file.id, null]));
      await call.remember({ [fact]: { ...entriesOf(call), ...forgotten } });
    },
  };
}

/** One file after the other, each committed before the next is begun. The first that is not done ends it. */
export async function uploadSequentially<T>(
  files: readonly PublishMedia[],
  upload: (file: PublishMedia) => Promise<Step<T>>,
): Promise<Step<T[]>> {
  const uploaded: T[] = [];
  for (const file of files) {
    const step = await upload(file);
    if (step.outcome !== 'done') return step;
    uploaded.push(step.value);
  }
  return done(uploaded);
}

const PIECE_BYTES = 4 * 1024 * 1024;

/** The whole file in one request, of which no more than a piece is held: it is read as fast as the platform takes it. */
export function inPieces(file: PublishMedia): StreamedBody {
  return { byteSize: file.byteSize, pieces: readPieces(file) };
}

async function* readPieces(file: PublishMedia): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < file.byteSize; start += PIECE_BYTES) {
    yield await file.bytes({ start, end: Math.min(start + PIECE_BYTES, file.byteSize) - 1 });
  }
}

/** How long a file may take to be uploaded: a server that takes less than 100 kB in a second has stopped. */
export function timeToUpload(byteSize: number): number {
  return 20_000 + Math.ceil(byteSize / 100);
}

const Entries = Type.Record(Type.String(), Type.Unknown());
