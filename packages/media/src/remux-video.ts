import {
  EncodedAudioPacketSource,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathTarget,
  Mp4OutputFormat,
  Output,
  type EncodedPacket,
  type InputTrack,
} from 'mediabunny';
import { stat } from 'node:fs/promises';
import { isOnlyTurned } from './container-facts.ts';
import type { FileFacts, VideoFacts } from './media-file.ts';
import { openFilm, readVideo } from './read-video.ts';

/** A packet with an earlier timestamp begins before the film, by more than a rounding error. */
const EARLY_SECONDS = -0.001;

/** How much longer or shorter the copy may be: one packet of sound may be left out. */
const TOLERANCE_MS = 200;

export type RemuxedFilm = FileFacts & { video: VideoFacts };

/**
 * Copies picture and sound of a film unchanged into a new MP4: `moov` in front, no edit list, no fragments, and no metadata
 * of the phone. Undefined when the copy would look different: the frames that an edit list hides would be shown again, and
 * a mirrored film would not be mirrored.
 */
export async function remuxVideo(
  path: string,
  target: string,
  mimeType: string,
): Promise<RemuxedFilm | undefined> {
  const before = await readVideo(path, mimeType);
  if (!(await isOnlyTurned(path)) || !(await copyPackets(path, target))) return undefined;
  const { width, height, ...video } = await readVideo(target, 'video/mp4');
  const isSame =
    width === before.width &&
    height === before.height &&
    video.videoCodec === before.videoCodec &&
    video.audioCodec === before.audioCodec &&
    Math.abs(video.durationMs - before.durationMs) <= TOLERANCE_MS;
  if (!isSame) return undefined;
  return { mimeType: 'video/mp4', byteSize: (await stat(target)).size, width, height, video };
}

async function copyPackets(path: string, target: string): Promise<boolean> {
  const input = openFilm(path);
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: 'reserve' }),
    target: new FilePathTarget(target),
  });
  try {
    const video = await input.getPrimaryVideoTrack();
    const audio = await input.getPrimaryAudioTrack();
    const codec = await video?.getCodec();
    if (!video || !codec || (await video.getFirstTimestamp()) < EARLY_SECONDS) return false;
    const picture = new EncodedVideoPacketSource(codec);
    output.addVideoTrack(picture, {
      rotation: await video.getRotation(),
      maximumPacketCount: await packetsOf(video),
    });
    const config = await video.getDecoderConfig();
    const tracks = [copier(video, (packet, isFirst) => picture.add(packet, metaOf(config, isFirst)))];

    const audioCodec = await audio?.getCodec();
    if (audio && audioCodec) {
      const sound = new EncodedAudioPacketSource(audioCodec);
      output.addAudioTrack(sound, { maximumPacketCount: await packetsOf(audio) });
      const heard = await audio.getDecoderConfig();
      tracks.push(copier(audio, (packet, isFirst) => sound.add(packet, metaOf(heard, isFirst))));
    }
    await output.start();
    await copyInTime(tracks);
    await output.finalize();
    return true;
  } finally {
    if (output.state !== 'finalized') await output.cancel().catch(() => undefined);
    input.dispose();
  }
}

const packetsOf = async (track: InputTrack) => (await track.computePacketStats()).packetCount;

const metaOf = <Config>(config: Config | null, isFirst: boolean) =>
  isFirst && config ? { decoderConfig: config } : undefined;

interface Copier {
  /** When the next packet is shown; Infinity behind the last one. */
  next(): number;
  copy(): Promise<void>;
  advance(): Promise<void>;
}

function copier(track: InputTrack, add: (packet: EncodedPacket, isFirst: boolean) => Promise<void>): Copier {
  const packets = new EncodedPacketSink(track).packets();
  let current: EncodedPacket | undefined;
  let isFirst = true;
  async function advance(): Promise<void> {
    do {
      const { value, done } = await packets.next();
      current = done ? undefined : value;
      // Sound encoders begin with a packet of silence, which an edit list hides.
    } while (current && current.timestamp < EARLY_SECONDS);
  }
  return {
    next: () => current?.timestamp ?? Infinity,
    async copy() {
      if (current) await add(current, isFirst);
      isFirst = false;
      await advance();
    },
    advance,
  };
}

/** Interleaves the tracks by time. */
async function copyInTime(tracks: Copier[]): Promise<void> {
  for (const track of tracks) await track.advance();
  for (;;) {
    const [first] = tracks.toSorted((a, b) => a.next() - b.next());
    if (!first || first.next() === Infinity) return;
    await first.copy();
  }
}
