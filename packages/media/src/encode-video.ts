import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EncodeOrder, EncodeOutcome } from './encode-process.ts';
import { fairTurns } from './fair-turns.ts';
import { carryOut } from './media-processes.ts';
import type { RemuxedFilm } from './remux-video.ts';

// Converts a film or an animated image to what every platform takes: H.264 with 4:2:0 in 8 bits, and AAC. It uses the ffmpeg of
// the machine, which runs in a process with limits, like everything that reads uploaded files.

export interface Source {
  path: string;
  /** ffmpeg's name of the format. It must not detect the format itself: some formats name other files, which it would open. */
  container: string;
  /** 'sound': only the sound is encoded, the picture is copied. */
  make: 'film' | 'sound' | 'loop';
  durationMs?: number;
  hdr?: boolean;
}

export interface EncodeSettings {
  ffmpeg: string;
  /** Whose file it is: clients are served in turn. */
  client: string;
  /** By `performance.now()`. */
  deadline: number;
  maxBytes: number;
}

/** Why there is no film. `time` includes the wait for a place. */
export type EncodeProblem = 'time' | 'size' | 'failed';

/** Two at a time, one of each client: a film takes minutes. Reading files has its own limit, and never waits for a film. */
const turns = fairTurns({ places: 2, perClient: 1 });

const MOST_BITS_PER_SECOND = 16_000_000;
/** Below it the loss of quality is obvious. */
const LEAST_BITS_PER_SECOND = 400_000;
const SOUND_BITS_PER_SECOND = 128_000;
/** The part of the allowed size to aim for, since encoders miss it a little. */
const MARGIN = 0.92;

/** @returns the film at `target`, or why there is none */
export async function encodeVideo(
  source: Source,
  target: string,
  settings: EncodeSettings,
): Promise<RemuxedFilm | { problem: EncodeProblem; said?: string }> {
  const film = await encodeOnce(source, target, settings);
  if ('problem' in film || source.make !== 'loop' || film.video.durationMs >= LEAST_LOOP_MS) return film;
  // The stated duration of a loop may be wrong or missing. The number of repetitions is computed again from the measured one.
  const durationMs = film.video.durationMs / (1 + repetitions(source.durationMs));
  return encodeOnce({ ...source, durationMs }, target, settings);
}

async function encodeOnce(
  source: Source,
  target: string,
  settings: EncodeSettings,
): Promise<RemuxedFilm | { problem: EncodeProblem; said?: string }> {
  const { ffmpeg, client, deadline, maxBytes } = settings;
  const bitsPerSecond = bitRate(maxBytes, source.durationMs);
  if (bitsPerSecond < LEAST_BITS_PER_SECOND) return { problem: 'size' };
  const encoded = `${target}.encoding`;
  const left = () => Math.round(deadline - performance.now());
  const outcome = await inTime(left(), () =>
    turns.take(client, async (): Promise<EncodeOutcome> => {
      if (left() <= 0) return { ended: 'time', said: '' };
      const args = argumentsFor(source, encoded, bitsPerSecond);
      return runFfmpeg({
        ffmpeg,
        args,
        folder: dirname(target),
        target: encoded,
        timeoutMs: left(),
        maxBytes,
      });
    }),
  );
  if (outcome.ended !== 'done') {
    const problem = outcome.ended === 'time' || outcome.ended === 'size' ? outcome.ended : 'failed';
    return { problem, said: outcome.said };
  }
  // ffmpeg's MP4 has an edit list, which some platforms refuse. The remux removes it.
  const film = await carryOut(client, 'remux', { path: encoded, target, mimeType: 'video/mp4' });
  if (!film || !isWhole(film, source))
    return { problem: 'failed', said: 'the film is not what it was made from' };
  return film.byteSize > maxBytes ? { problem: 'size' } : film;
}

/** Ends the wait for a place at the deadline. */
async function inTime(leftMs: number, work: () => Promise<EncodeOutcome>): Promise<EncodeOutcome> {
  const waiting = new AbortController();
  const late = delay(leftMs + GRACE_MS, undefined, { signal: waiting.signal }).then((): EncodeOutcome => ({
    ended: 'time',
    said: '',
  }));
  late.catch(() => undefined);
  try {
    return await Promise.race([work(), late]);
  } finally {
    waiting.abort();
  }
}

function bitRate(maxBytes: number, durationMs: number | undefined): number {
  if (!durationMs) return MOST_BITS_PER_SECOND;
  const fitting = (maxBytes * 8 * MARGIN) / (durationMs / 1_000) - SOUND_BITS_PER_SECOND;
  return Math.round(Math.min(MOST_BITS_PER_SECOND, fitting));
}

/** ffmpeg reports success for a damaged file that ends early, so the durations are compared. */
function isWhole({ video }: RemuxedFilm, { make, durationMs }: Source): boolean {
  if (!durationMs || make === 'loop') return true;
  return Math.abs(video.durationMs - durationMs) <= Math.max(500, durationMs * 0.02);
}

const GRACE_MS = 5_000;
const MOST_ALLOCATED_BYTES = 500_000_000;
const MOST_THREADS = 4;

function argumentsFor(source: Source, target: string, bitsPerSecond: number): string[] {
  const threads = String(Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1)));
  const loop = source.make === 'loop' ? ['-stream_loop', String(repetitions(source.durationMs))] : [];
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-y', '-max_alloc', String(MOST_ALLOCATED_BYTES)],
    ...['-protocol_whitelist', 'file', '-threads', threads, ...loop],
    ...['-f', source.container, '-i', `file:${source.path}`],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-sn', '-dn'],
    ...(source.make === 'loop' ? ['-an'] : ['-map', '0:V:0', '-map', '0:a:0?', ...SOUND]),
    ...(source.make === 'sound' ? ['-c:v', 'copy'] : pictureArguments(source, bitsPerSecond, threads)),
    ...['-f', 'mp4', `file:${target}`],
  ];
}

/** Fills late sound with silence from the beginning. Otherwise it would need an edit list, which some platforms refuse. */
const SOUND = [
  '-af',
  'aresample=async=1:first_pts=0',
  '-c:a',
  'aac',
  '-profile:a',
  'aac_low',
  '-ac',
  '2',
  '-ar',
  '48000',
  '-b:a',
  '128k',
];

function pictureArguments({ make, hdr }: Source, bitsPerSecond: number, threads: string): string[] {
  const filters = [...(hdr ? [TONE_MAP] : []), 'yadif=deint=interlaced', RATE, SIZE, 'format=yuv420p'].join();
  return [
    ...(make === 'loop'
      ? // Transparent parts become white, as in images.
        [
          '-filter_complex',
          `[0:v]${SIZE},format=rgba,split[a][b];[a]lutrgb=r=255:g=255:b=255:a=255[w];[w][b]overlay=format=auto,${RATE},format=yuv420p`,
        ]
      : ['-vf', filters]),
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '20', '-threads', threads],
    ...['-maxrate', String(bitsPerSecond), '-bufsize', String(bitsPerSecond)],
  ];
}

/** The film's own frame rate, within the rates that platforms take. */
const RATE = String.raw`fps=fps=min(60\,max(24\,source_fps)):start_time=0`;
/** Square pixels, even width and height, and at most Full HD, in portrait or landscape. */
const FACTOR = String.raw`min(1\,min(1920/max(iw*sar\,ih)\,1080/min(iw*sar\,ih)))`;
const SIZE = String.raw`scale=max(2\,trunc(iw*sar*${FACTOR}/2)*2):max(2\,trunc(ih*${FACTOR}/2)*2),setsar=1`;
const TONE_MAP =
  'zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv';

/** The shortest film that every platform takes. The margin covers the last frame, which has no duration. */
const LEAST_LOOP_MS = 3_000;
const SHORTEST_MS = LEAST_LOOP_MS + 200;

function repetitions(durationMs: number | undefined): number {
  return durationMs ? Math.max(0, Math.ceil(SHORTEST_MS / durationMs) - 1) : 0;
}

function runFfmpeg(order: EncodeOrder): Promise<EncodeOutcome> {
  const script = createRequire(import.meta.url).resolve('@solospark/media/encode-process');
  // `detached`: it becomes the leader of a process group, so that it can be killed together with its ffmpeg.
  const child = fork(script, [], {
    env: {},
    execArgv: ['--max-old-space-size=64'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
  });
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  };
  return new Promise((resolve) => {
    const timer = setTimeout(endGroup, order.timeoutMs + GRACE_MS);
    const end = (outcome: EncodeOutcome) => {
      clearTimeout(timer);
      endGroup();
      resolve(outcome);
    };
    child.on('message', (outcome: EncodeOutcome) => end(outcome));
    child.on('exit', () => end({ ended: 'error', said: 'the process that watched it ended' }));
    child.on('error', ({ message }) => end({ ended: 'error', said: message }));
    child.send(order);
  });
}
