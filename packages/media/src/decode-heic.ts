import { closeSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { MAX_PIXELS } from './media-file.ts';
import { tooManyPixels } from './refusals.ts';

// Phones write their photos as HEIC: an HEVC still image, which sharp's own build cannot decode. libheif, compiled to
// WebAssembly, can. It runs in the process with limits that reads all uploaded files (media-process.ts).

/** The part of libheif-js that is used here. The package has no types for it. */
interface LibHeif {
  ready: Promise<unknown>;
  HeifDecoder: new () => { decode(file: Uint8Array): HeifImage[]; decoder: { delete(): void } };
}
interface HeifImage {
  get_width(): number;
  get_height(): number;
  is_primary(): boolean;
  has_alpha_channel(): boolean;
  display(target: Pixels, done: (shown: Pixels | null) => void): void;
  free(): void;
}
/** libheif only calls `data.set`, so the pixels can be written to a file instead of being copied in memory. */
interface Pixels {
  data: { set(bytes: Uint8Array, at?: number): void };
  width: number;
  height: number;
}

let loaded: LibHeif | undefined;

/**
 * Decodes the primary image of a HEIC to `target`, a TIFF that sharp can read, with its colour profile. libheif rotates the
 * image as its boxes say, which is what counts in this format. A photo of 48 megapixels has 200 MB of pixels, so they go from
 * libheif's memory straight to the disk.
 * @throws libheif's error for a file that it cannot decode, and MediaFileError for too many pixels
 */
export async function decodeHeic(file: Buffer, target: string): Promise<{ hasAlpha: boolean }> {
  loaded ??= createRequire(import.meta.url)('libheif-js/wasm-bundle') as LibHeif;
  await loaded.ready;
  const opened = new loaded.HeifDecoder();
  const images = opened.decode(file);
  const tiff = openSync(target, 'w');
  try {
    const image = images.find((each) => each.is_primary()) ?? images[0];
    if (!image) throw new Error('there is no image in it');
    const [width, height] = [image.get_width(), image.get_height()];
    if (width * height > MAX_PIXELS) throw tooManyPixels('image');
    const set = (bytes: Uint8Array, at = 0) => writeAll(tiff, bytes, TIFF_HEAD_BYTES + at);
    await show(image, { data: { set }, width, height });
    writeDirectory(tiff, { width, height, profile: profileOf(file) });
    return { hasAlpha: image.has_alpha_channel() };
  } finally {
    closeSync(tiff);
    for (const each of images) each.free();
    opened.decoder.delete();
  }
}

function show(image: HeifImage, target: Pixels): Promise<void> {
  return new Promise((resolve, reject) => {
    image.display(target, (shown) => {
      if (shown) resolve();
      else reject(new Error('libheif cannot decode it'));
    });
  });
}

function writeAll(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, at + done);
  }
}

const TIFF_HEAD_BYTES = 8;
const ROWS_PER_STRIP = 64;
const [SHORT, LONG, BYTES] = [3, 4, 7];

/** Writes the header and the directory of a TIFF around the pixels: plain RGBA, in strips (TIFF 6.0, section 2). */
function writeDirectory(
  file: number,
  image: { width: number; height: number; profile: Buffer | undefined },
): void {
  const { width, height, profile } = image;
  const strips = Array.from(
    { length: Math.ceil(height / ROWS_PER_STRIP) },
    (_, strip) => strip * ROWS_PER_STRIP,
  );
  const longs = (values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
  const tags: [tag: number, type: number, count: number, value: number | Buffer][] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, 4, Buffer.from([8, 0, 8, 0, 8, 0, 8, 0])],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, 2],
    [273, LONG, strips.length, longs(strips.map((row) => TIFF_HEAD_BYTES + row * width * 4))],
    [277, SHORT, 1, 4],
    [278, LONG, 1, ROWS_PER_STRIP],
    [
      279,
      LONG,
      strips.length,
      longs(strips.map((row) => Math.min(ROWS_PER_STRIP, height - row) * width * 4)),
    ],
    [338, SHORT, 1, 2],
    ...(profile ? [[34_675, BYTES, profile.length, profile] as [number, number, number, Buffer]] : []),
  ];
  const at = TIFF_HEAD_BYTES + width * height * 4;
  const directory = Buffer.alloc(2 + tags.length * 12 + 4);
  directory.writeUInt16LE(tags.length);
  const parts: Uint8Array[] = [directory];
  let end = at + directory.length;
  tags.forEach(([tag, type, count, value], index) => {
    const entry = directory.subarray(2 + index * 12);
    entry.writeUInt16LE(tag, 0);
    entry.writeUInt16LE(type, 2);
    entry.writeUInt32LE(count, 4);
    // A value of up to four bytes is stored here; of a longer one, its offset.
    if (typeof value === 'number') entry.writeUInt32LE(value, 8);
    else if (value.length <= 4) value.copy(entry, 8);
    else {
      entry.writeUInt32LE(end, 8);
      const even = value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.alloc(1)]);
      parts.push(even);
      end += even.length;
    }
  });
  writeAll(file, Buffer.concat(parts), at);
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1');
  head.writeUInt32LE(at, 4);
  writeAll(file, head, 0);
}

/** The colour profile of the photo: phones use a wider one than sRGB (ISO/IEC 23008-12, 6.5.5). */
function profileOf(file: Buffer): Buffer | undefined {
  const meta = bodyOf(file, 'meta')?.subarray(4);
  const properties = bodyOf(meta && bodyOf(meta, 'iprp'), 'ipco');
  for (const [type, body] of boxesOf(properties ?? Buffer.alloc(0))) {
    const kind = body.toString('latin1', 0, 4);
    if (type === 'colr' && (kind === 'prof' || kind === 'rICC')) return body.subarray(4);
  }
  return undefined;
}

function bodyOf(within: Buffer | undefined, wanted: string): Buffer | undefined {
  for (const [type, body] of boxesOf(within ?? Buffer.alloc(0))) if (type === wanted) return body;
  return undefined;
}

function* boxesOf(bytes: Buffer): Generator<[type: string, body: Buffer]> {
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (length < 8) return;
    yield [bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + length)];
    at += length;
  }
}
