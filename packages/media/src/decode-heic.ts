import { createRequire } from 'node:module';
import { crc32, deflateSync } from 'node:zlib';
import { loadSharp } from './image-library.ts';
import { MAX_PIXELS } from './media-file.ts';
import { tooManyPixels } from './refusals.ts';

// Telephones write their photos as HEIC: a still of HEVC, which sharp's own build cannot decode. libheif can, compiled to
// WebAssembly. It runs where all foreign files are read, by a process with limits (media-process.ts).

/** The part of libheif-js that is used here; it has no types of its own for it. */
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
interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

let loaded: LibHeif | undefined;

/**
 * What is shown of a HEIC, as it is shown: libheif turns it as its boxes say, which is what counts in this format. As a file
 * that sharp can read: the pixels, and the colours that they are meant in.
 * @throws whatever libheif finds wrong with it, and MediaFileError for too many pixels
 */
export async function decodeHeic(file: Buffer): Promise<{ image: Buffer; hasAlpha: boolean }> {
  loaded ??= createRequire(import.meta.url)('libheif-js/wasm-bundle') as LibHeif;
  await loaded.ready;
  const opened = new loaded.HeifDecoder();
  const images = opened.decode(file);
  try {
    const image = images.find((each) => each.is_primary()) ?? images[0];
    if (!image) throw new Error('there is no image in it');
    const [width, height] = [image.get_width(), image.get_height()];
    if (width * height > MAX_PIXELS) throw tooManyPixels('image');
    const data = await show(image, { data: new Uint8ClampedArray(width * height * 4), width, height });
    const sharp = await loadSharp();
    const png = await sharp(data, { raw: { width, height, channels: 4 } })
      .png({ compressionLevel: 0 })
      .toBuffer();
    return { image: withProfile(png, profileOf(file)), hasAlpha: image.has_alpha_channel() };
  } finally {
    for (const each of images) each.free();
    opened.decoder.delete();
  }
}

function show(image: HeifImage, target: Pixels): Promise<Uint8ClampedArray> {
  return new Promise((resolve, reject) => {
    image.display(target, (shown) => {
      if (shown) resolve(shown.data);
      else reject(new Error('libheif cannot decode it'));
    });
  });
}

/** The colours of a photo are those of its telephone's screen, which are more than sRGB has (ISO/IEC 23008-12, 6.5.5). */
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

const PNG_HEAD_BYTES = 33;

/** Behind the head of a PNG (PNG, 11.3.2.3). */
function withProfile(png: Buffer, profile: Buffer | undefined): Buffer {
  if (!profile) return png;
  const body = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(profile)]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length - 4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, PNG_HEAD_BYTES), length, body, check, png.subarray(PNG_HEAD_BYTES)]);
}
