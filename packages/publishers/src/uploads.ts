import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { done, type Step } from './answer.ts';
import type { StreamedBody } from './http.ts';
import type { PublishCall, PublishMedia, Evidence } from './publisher.ts';

/**
 * The uploads of a delivery's files, by file id. They are part of the evidence, and each entry is committed at once, so the next
 * attempt uploads only what is missing. The publisher decides what an entry contains and how long it is valid.
 */
export interface Uploads<Upload> {
  /** Undefined: not uploaded, or forgotten. */
  find(call: PublishCall, file: PublishMedia): Upload | undefined;
  list(call: PublishCall): Upload[];
  keep(call: PublishCall, file: PublishMedia, upload: Upload): Promise<void>;
  forget(call: PublishCall, files: readonly PublishMedia[]): Promise<void>;
}

/**
 * `fact` is the name in the evidence. `readOlder` reads the form of a version in which a post had at most one file: its
 * deliveries may still be open.
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
      // Null instead of a missing entry, so that `readOlder` does not find the older form again.
      const forgotten = Object.fromEntries(files.map((file) => [file.id, null]));
      await call.remember({ [fact]: { ...entriesOf(call), ...forgotten } });
    },
  };
}

/** Sequential uploads, each committed before the next begins. Stops at the first file that is not done. */
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

/** The body of one request with the whole file. Only one piece is in memory at a time. */
export function inPieces(file: PublishMedia): StreamedBody {
  return { byteSize: file.byteSize, pieces: readPieces(file) };
}

async function* readPieces(file: PublishMedia): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < file.byteSize; start += PIECE_BYTES) {
    yield await file.bytes({ start, end: Math.min(start + PIECE_BYTES, file.byteSize) - 1 });
  }
}

/** The time-out of an upload: a server that takes less than 100 kB a second counts as stopped. */
export function timeToUpload(byteSize: number): number {
  return 20_000 + Math.ceil(byteSize / 100);
}

const Entries = Type.Record(Type.String(), Type.Unknown());
