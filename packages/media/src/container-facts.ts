import { open, type FileHandle } from 'node:fs/promises';
import type { VideoDetails } from './media-file.ts';

type ContainerFacts = Required<Pick<VideoDetails, 'moovFirst' | 'fragmented' | 'editList'>>;

interface Box {
  type: string;
  /** Where its content begins and ends. */
  start: number;
  end: number;
}

/** More than any film has on one level. A fragmented film may have more, but its first fragment is enough. */
const MOST_BOXES = 10_000;
const MOST_EDITS = 1_000;

/** Reads the layout of an MP4 or MOV from its boxes (ISO/IEC 14496-12), without the tables in them. */
export async function readContainer(path: string): Promise<ContainerFacts> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const top = await boxesIn(file, 0, size);
    const at = (type: string) => top.findIndex((box) => box.type === type);
    const [moov, mdat] = [at('moov'), at('mdat')];
    const movie = top[moov];
    const inMovie = movie ? await boxesIn(file, movie.start, movie.end) : [];
    const fragmented = at('moof') >= 0 || inMovie.some(({ type }) => type === 'mvex');
    const tracks = inMovie.filter(({ type }) => type === 'trak');
    let editList = false;
    for (const track of tracks) editList ||= await isEdited(file, track);
    return { moovFirst: moov >= 0 && (mdat < 0 || moov < mdat), fragmented, editList };
  } finally {
    await file.close();
  }
}

/** Matrices (a, b, c and d) of a picture that is turned by a multiple of 90 degrees (ISO/IEC 14496-12, 8.3.2). */
const QUARTERS = ['1 0 0 1', '0 1 -1 0', '-1 0 0 -1', '0 -1 1 0', '0 0 0 0'];

/** Whether all tracks are shown unchanged, or turned by a multiple of 90 degrees: not mirrored, scaled or skewed. */
export async function isOnlyTurned(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const movie = (await boxesIn(file, 0, size)).find(({ type }) => type === 'moov');
    const tracks = movie ? await boxesIn(file, movie.start, movie.end) : [];
    for (const track of tracks.filter(({ type }) => type === 'trak')) {
      const head = (await boxesIn(file, track.start, track.end)).find(({ type }) => type === 'tkhd');
      if (head && !QUARTERS.includes(await cornersOf(file, head))) return false;
    }
    return true;
  } finally {
    await file.close();
  }
}

async function cornersOf(file: FileHandle, { start }: Box): Promise<string> {
  const bytes = Buffer.alloc(72);
  await file.read(bytes, 0, bytes.length, start);
  const matrix = bytes[0] === 1 ? 52 : 40;
  return [0, 4, 12, 16].map((at) => bytes.readInt32BE(matrix + at) / 0x10000).join(' ');
}

async function boxesIn(file: FileHandle, from: number, to: number): Promise<Box[]> {
  const boxes: Box[] = [];
  const header = Buffer.alloc(16);
  for (let at = from; at + 8 <= to && boxes.length < MOST_BOXES;) {
    const { bytesRead } = await file.read(header, 0, 16, at);
    if (bytesRead < 8) break;
    const short = header.readUInt32BE(0);
    const head = short === 1 ? 16 : 8;
    const length = short === 0 ? to - at : short === 1 ? Number(header.readBigUInt64BE(8)) : short;
    if (length < head) break;
    const type = header.toString('latin1', 4, 8);
    boxes.push({ type, start: at + head, end: Math.min(at + length, to) });
    if (type === 'moof') break;
    at += length;
  }
  return boxes;
}

/** An edit list that shows the whole track from its beginning, as many encoders write one, does not count as an edit. */
async function isEdited(file: FileHandle, track: Box): Promise<boolean> {
  const edits = (await boxesIn(file, track.start, track.end)).find(({ type }) => type === 'edts');
  const list = edits && (await boxesIn(file, edits.start, edits.end)).find(({ type }) => type === 'elst');
  if (!list) return false;
  const bytes = Buffer.alloc(Math.min(list.end - list.start, 8 + 20 * MOST_EDITS));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, list.start);
  const isLong = bytes[0] === 1;
  if (bytesRead < (isLong ? 28 : 20)) return false;
  if (bytes.readUInt32BE(4) !== 1) return bytes.readUInt32BE(4) > 0;
  const mediaTime = isLong ? Number(bytes.readBigInt64BE(16)) : bytes.readInt32BE(12);
  return mediaTime !== 0;
}

/** Brands of files that store images as a track (ISO/IEC 23008-12, 7 and AV1 Image File Format, 6). */
const SEQUENCES = new Set(['avis', 'msf1', 'hevc', 'hevx']);

/** Whether the file is an image sequence, such as a burst of a camera. It may have one image for the whole, or none. */
export async function isImageSequence(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(12);
    await file.read(head, 0, head.length, 0);
    if (head.toString('latin1', 4, 8) !== 'ftyp' || !SEQUENCES.has(head.toString('latin1', 8, 12)))
      return false;
    return (await boxesIn(file, 0, size)).some(({ type }) => type === 'moov');
  } finally {
    await file.close();
  }
}
