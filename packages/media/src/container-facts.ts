import { open, type FileHandle } from 'node:fs/promises';
import type { VideoDetails } from './media-file.ts';

type ContainerFacts = Required<Pick<VideoDetails, 'moovFirst' | 'fragmented' | 'editList'>>;

interface Box {
  type: string;
  /** Where what is in it begins, and where it ends. */
  start: number;
  end: number;
}

/** More than any film has on one level, but for fragments, of which the first is enough. */
const MOST_BOXES = 10_000;
const MOST_EDITS = 1_000;

/** How an MP4 or MOV is laid out (ISO/IEC 14496-12): by its boxes, without the tables in them. */
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

/** A list that shows the whole of it from its beginning, as every encoder writes one, edits nothing. */
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
