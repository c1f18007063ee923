import {
  EncodedPacketSink,
  FilePathSource,
  Input,
  MP4,
  QTFF,
  type InputAudioTrack,
  type InputVideoTrack,
} from 'mediabunny';
import { readContainer } from './container-facts.ts';
import type { VideoDetails, VideoFacts } from './media-file.ts';
import { codecNotTaken, damaged, MediaFileError, noPicture } from './refusals.ts';
import { aacFacts, h264Facts, hevcFacts } from './sequence-facts.ts';
import { isTruncatedMp4 } from './is-truncated-mp4.ts';

/** Codecs that every platform with videos takes. */
const VIDEO_CODECS: Readonly<Record<string, string>> = { avc: 'h264', hevc: 'hevc' };
const AUDIO_CODECS: Readonly<Record<string, string>> = { aac: 'aac' };

/** Enough to measure the frame rate. */
const PACKETS_LOOKED_AT = 100;

/**
 * Reads the facts of a video from parts of the file, without decoding frames. The file is complete when its boxes end where
 * it ends and its last frame is there.
 * @throws MediaFileError
 */
export async function readVideo(
  path: string,
  mimeType: string,
): Promise<VideoFacts & { width: number; height: number }> {
  if (await isTruncatedMp4(path)) throw damaged(mimeType);
  const container = await readContainer(path);
  const input = openFilm(path);
  try {
    const { details, ...facts } = await readTracks(input, mimeType);
    return { ...facts, details: { ...details, ...container } };
  } catch (error) {
    // Errors of the disk have a code; errors of the library have none, and are about the content.
    if (error instanceof MediaFileError || (error instanceof Error && 'code' in error)) throw error;
    throw damaged(mimeType, error);
  } finally {
    input.dispose();
  }
}

export function openFilm(path: string): Input {
  return new Input({ source: new FilePathSource(path), formats: [MP4, QTFF] });
}

async function readTracks(
  input: Input,
  mimeType: string,
): Promise<VideoFacts & { width: number; height: number }> {
  const video = await input.getPrimaryVideoTrack();
  if (!video) throw noPicture();
  const videoCodec = VIDEO_CODECS[(await video.getCodec()) ?? ''];
  if (!videoCodec) throw codecNotTaken('picture', await codecNameOf(video));
  const audio = await input.getPrimaryAudioTrack();
  const audioCodec = audio ? AUDIO_CODECS[(await audio.getCodec()) ?? ''] : null;
  if (audio && !audioCodec) throw codecNotTaken('sound', await codecNameOf(audio));

  const durationMs = Math.round((await video.computeDuration()) * 1_000);
  const { averagePacketRate } = await video.computePacketStats(PACKETS_LOOKED_AT);
  const [width, height] = [await video.getDisplayWidth(), await video.getDisplayHeight()];
  if (!(durationMs > 0 && width > 0 && height > 0 && (await hasLastFrame(video)))) throw damaged(mimeType);
  const frameRate = Math.round(averagePacketRate * 1_000) / 1_000;
  const details = { ...(await pictureDetails(video, videoCodec)), ...(audio && (await soundDetails(audio))) };
  return { width, height, durationMs, frameRate, videoCodec, audioCodec: audioCodec ?? null, details };
}

async function pictureDetails(video: InputVideoTrack, codec: string): Promise<VideoDetails> {
  const { num, den } = await video.getPixelAspectRatio();
  const { transfer } = (await video.getColorSpace()) as { transfer?: string | null };
  const head = bytesOf(await video.getDecoderConfig());
  return {
    ...(head && (codec === 'h264' ? h264Facts(head) : hevcFacts(head))),
    squarePixels: num === den,
    hdr: transfer === 'pq' || transfer === 'hlg',
  };
}

async function soundDetails(audio: InputAudioTrack): Promise<VideoDetails> {
  const [audioChannels, audioSampleRate] = [await audio.getNumberOfChannels(), await audio.getSampleRate()];
  const head = bytesOf(await audio.getDecoderConfig());
  return { ...(head && aacFacts(head)), audioChannels, audioSampleRate };
}

/** The library's types for it are a browser's, which are not loaded here. */
function bytesOf(config: unknown): Uint8Array | undefined {
  const { description } = (config ?? {}) as { description?: ArrayBufferView | ArrayBufferLike };
  if (description === undefined) return undefined;
  return ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description);
}

async function hasLastFrame(track: InputVideoTrack): Promise<boolean> {
  const last = await new EncodedPacketSink(track).getPacket(Infinity);
  return last !== null && last.data.byteLength > 0;
}

/** The library's name for the codec; for an unknown codec, the name in the file. */
async function codecNameOf(track: {
  getCodec(): Promise<string | null>;
  getInternalCodecId(): Promise<unknown>;
}): Promise<string> {
  const codec = await track.getCodec();
  if (codec !== null) return codec.toUpperCase();
  const internal = await track.getInternalCodecId();
  return typeof internal === 'string' && internal !== '' ? `"${internal}"` : 'something unknown';
}
