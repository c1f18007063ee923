import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  FilePathTarget,
  MovOutputFormat,
  Mp4OutputFormat,
  Output,
} from 'mediabunny';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

// Images and videos such as cameras and attackers make. They are built here, not kept as files, so that a test shows what its
// file contains.

/** Noise, which no encoder can compress; `channels: 4` is half transparent. */
export function noise(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const pixels = Buffer.alloc(width * height * channels);
  // The same noise each time (a linear congruential generator).
  let seed = 1;
  for (let at = 0; at < pixels.length; at += 1) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[at] = seed >>> 24;
  }
  return sharp(pixels, { raw: { width, height, channels } });
}

export function plain(width: number, height: number, background: string): Sharp {
  return sharp({ create: { width, height, channels: 4, background } });
}

/** A photo as a camera held upright stores it: rotated, with an EXIF orientation, a place and an owner. */
export async function photoOnItsSide(): Promise<Buffer> {
  const blue = await plain(20, 20, '#0000ff').png().toBuffer();
  return plain(40, 20, '#ff0000')
    .composite([{ input: blue, left: 20, top: 0 }])
    .flatten()
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .withExif({
      IFD0: { Copyright: 'Ada Lovelace' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' },
    })
    .withMetadata({ orientation: 6 })
    .toBuffer();
}

/** An animation of three different frames. */
export async function moving(type: 'gif' | 'webp'): Promise<Buffer> {
  const frames = await Promise.all(
    ['#ff0000', '#00ff00', '#0000ff'].map((colour) => plain(64, 48, colour).png().toBuffer()),
  );
  const image = sharp(frames, { join: { animated: true } });
  return (type === 'gif' ? image.gif() : image.webp()).toBuffer();
}

/** A valid PNG of some kilobytes that is `side` pixels wide and high. */
export function decompressionBomb(side: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  // One bit for each pixel, grey.
  head.set([1, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))), { level: 9 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', head),
    pngChunk('IDAT', rows),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

export interface FilmOptions {
  container?: 'mp4' | 'mov';
  picture?: 'avc' | 'hevc' | 'vp9' | null;
  sound?: 'aac' | 'opus' | null;
  frames?: number;
  /** 90: as a phone held upright films, with rotated frames. */
  rotation?: 0 | 90;
  /** The size of the filler in each frame, which decoders skip. */
  fillerBytes?: number;
}

const FRAMES_PER_SECOND = 30;
const [WIDTH, HEIGHT] = [128, 96];

/** Writes a video of grey frames. The H.264 frames are real: each block is stored uncompressed, so no encoder is needed. */
export async function writeFilm(path: string, options: FilmOptions = {}): Promise<void> {
  const {
    container = 'mp4',
    picture = 'avc',
    sound = null,
    frames = 30,
    fillerBytes = 0,
    rotation = 0,
  } = options;
  const output = new Output({
    format: container === 'mp4' ? new Mp4OutputFormat({ fastStart: false }) : new MovOutputFormat(),
    target: new FilePathTarget(path),
  });
  const video = picture && new EncodedVideoPacketSource(picture);
  const audio = sound && new EncodedAudioPacketSource(sound);
  if (video) output.addVideoTrack(video, { frameRate: FRAMES_PER_SECOND, rotation });
  if (audio) output.addAudioTrack(audio);
  await output.start();
  const data = h264Frame(fillerBytes);
  const duration = 1 / FRAMES_PER_SECOND;
  for (let frame = 0; frame < frames; frame += 1) {
    const at = frame * duration;
    if (picture && video) {
      await video.add(
        new EncodedPacket(data, 'key', at, duration),
        frame === 0 ? { decoderConfig: PICTURES[picture] } : undefined,
      );
    }
    if (sound && audio) {
      await audio.add(
        new EncodedPacket(new Uint8Array(64).fill(0xfc), 'key', at, duration),
        frame === 0 ? { decoderConfig: SOUNDS[sound] } : undefined,
      );
    }
  }
  await output.finalize();
}

/** 128 × 96, baseline: the sequence and the picture parameter set of the smallest H.264 encoder there is. */
const SEQUENCE_SET = [0x67, 0x42, 0x00, 0x0a, 0xf8, 0x41, 0xa2];
const PICTURE_SET = [0x68, 0xce, 0x38, 0x80];
const BLOCKS = (WIDTH / 16) * (HEIGHT / 16);
const BYTES_PER_BLOCK = 16 * 16 + 2 * 8 * 8;

function h264Frame(fillerBytes: number): Uint8Array {
  const block = Buffer.alloc(BYTES_PER_BLOCK, 0x80);
  const slice = [Buffer.from([0x05, 0x88, 0x84, 0x21, 0xa0]), block];
  for (let at = 1; at < BLOCKS; at += 1) slice.push(Buffer.from([0x0d, 0x00]), block);
  slice.push(Buffer.from([0x80]));
  const filler = Buffer.concat([Buffer.from([0x0c]), Buffer.alloc(fillerBytes, 0xff), Buffer.from([0x80])]);
  return new Uint8Array(
    Buffer.concat([unit(Buffer.concat(slice)), ...(fillerBytes > 0 ? [unit(filler)] : [])]),
  );
}

function unit(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const AVC_DESCRIPTION = new Uint8Array([
  ...[1, 0x42, 0x00, 0x0a, 0xff],
  ...[0xe1, 0, SEQUENCE_SET.length, ...SEQUENCE_SET],
  ...[1, 0, PICTURE_SET.length, ...PICTURE_SET],
]);

/** The smallest HEVC description: main profile, level 3.1, and no parameter sets. */
const HEVC_DESCRIPTION = new Uint8Array([
  ...[1, 0x01, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93],
  ...[0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 0],
]);

const PICTURES = {
  avc: { codec: 'avc1.42000a', codedWidth: WIDTH, codedHeight: HEIGHT, description: AVC_DESCRIPTION },
  hevc: { codec: 'hvc1.1.6.L93.B0', codedWidth: WIDTH, codedHeight: HEIGHT, description: HEVC_DESCRIPTION },
  vp9: { codec: 'vp09.00.10.08', codedWidth: WIDTH, codedHeight: HEIGHT },
};

const SOUNDS = {
  aac: {
    codec: 'mp4a.40.2',
    sampleRate: 44_100,
    numberOfChannels: 2,
    description: new Uint8Array([0x12, 0x10]),
  },
  opus: { codec: 'opus', sampleRate: 48_000, numberOfChannels: 2 },
};
