import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EncodeOrder, EncodeOutcome } from './encode-process.ts';
import { fairTurns } from './fair-turns.ts';
import { carryOut } from './media-processes.ts';
import type { RemuxedFilm } from './remux-video.ts';

// Makes of a film, or of a picture that moves, what every platform takes: H.264 with 4:2:0 in 8 bits and AAC, by an ffmpeg that
// the machine has. Foreign files meet it as they meet our own libraries: in a process with limits.

export interface Source {
  path: string;
  /** As ffmpeg calls it. It is told, and does not guess: some containers name other files, which it would open. */
  container: string;
  /** 'sound': the picture may stay as it is. */
  make: 'film' | 'sound' | 'loop';
  durationMs?: number;
  hdr?: boolean;
}

export interface EncodeSettings {
  ffmpeg: string;
  /** Whose file it is: those of different clients take turns. */
  client: string;
  /** Of `performance.now()`. */
  deadline: number;
  maxBytes: number;
}

/** Why there is no film: `time` also where others had their turn until there was none left. */
export type EncodeProblem = 'time' | 'size' | 'failed';

/** Two at a time, and one of each client: a film takes minutes. What is only read has other turns, and never waits for one. */
const turns = fairTurns({ places: 2, perClient: 1 });

const MOST_BITS_PER_SECOND = 16_000_000;
/** Below it everybody sees that something was done to it. */
const LEAST_BITS_PER_SECOND = 400_000;
const SOUND_BITS_PER_SECOND = 128_000;
/** Of what is allowed: encoders miss a little. */
const MARGIN = 0.92;

/** @returns the film at `target`, or why there is none */
export async function encodeVideo(
  source: Source,
  target: string,
  settings: EncodeSettings,
): Promise<RemuxedFilm | { problem: EncodeProblem; said?: string }> {
  const film = await encodeOnce(source, target, settings);
  if ('problem' in film || source.make !== 'loop' || film.video.durationMs >= LEAST_LOOP_MS) return film;
  // How long it takes is not always what it says, nor known of each format: it is repeated by what it came to.
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
  // What it writes has an edit list, which some platforms exclude.
  const film = await carryOut(client, 'remux', { path: encoded, target, mimeType: 'video/mp4' });
  if (!film || !isWhole(film, source))
    return { problem: 'failed', said: 'the film is not what it was made from' };
  return film.byteSize > maxBytes ? { problem: 'size' } : film;
}

/** A turn may come too late for whoever waited. */
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

/** A damaged file ends early, and ffmpeg calls that done. */
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

/** From the beginning: sound that sets in later would need an edit list, which some platforms exclude. */
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
      ? // What is transparent is white, as it is in images.
        [
          '-filter_complex',
          `[0:v]${SIZE},format=rgba,split[a][b];[a]lutrgb=r=255:g=255:b=255:a=255[w];[w][b]overlay=format=auto,${RATE},format=yuv420p`,
        ]
      : ['-vf', filters]),
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '20', '-threads', threads],
    ...['-maxrate', String(bitsPerSecond), '-bufsize', String(bitsPerSecond)],
  ];
}

/** Of what is within the rates that platforms take, its own. */
const RATE = String.raw`fps=fps=min(60\,max(24\,source_fps)):start_time=0`;
/** Square pixels, of even numbers, and no more of them than Full HD, upright or lying. */
const FACTOR = String.raw`min(1\,min(1920/max(iw*sar\,ih)\,1080/min(iw*sar\,ih)))`;
const SIZE = String.raw`scale=max(2\,trunc(iw*sar*${FACTOR}/2)*2):max(2\,trunc(ih*${FACTOR}/2)*2),setsar=1`;
const TONE_MAP =
  'zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv';

/** The shortest film that every platform takes, and the last picture, which is shown for no time. */
const LEAST_LOOP_MS = 3_000;
const SHORTEST_MS = LEAST_LOOP_MS + 200;

function repetitions(durationMs: number | undefined): number {
  return durationMs ? Math.max(0, Math.ceil(SHORTEST_MS / durationMs) - 1) : 0;
}

function runFfmpeg(order: EncodeOrder): Promise<EncodeOutcome> {
  const script = createRequire(import.meta.url).resolve('@solospark/media/encode-process');
  // `detached`: the leader of a group of its own, which is ended as one.
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
