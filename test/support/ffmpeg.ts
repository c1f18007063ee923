import { describe } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './program.ts';

/** The ffmpeg on the PATH; undefined when there is none. */
export const ffmpeg = findProgram('ffmpeg') ?? undefined;

/** A suite that converts videos. Without ffmpeg its tests are reported as skipped; in CI, which has to install it, they fail. */
export const describeWithFfmpeg = ffmpeg || process.env['CI'] === 'true' ? describe : describe.skip;

const run = promisify(execFile);

/** Makes a video of four seconds, with a tone. `output` holds ffmpeg's encoding options, and ends with the path. */
export async function makeFilm(output: string[], size = '320x240', seconds = 4): Promise<void> {
  if (!ffmpeg) throw new Error('there is no ffmpeg on the PATH');
  const picture = ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=30:duration=${seconds}`];
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
  await run(ffmpeg, ['-v', 'error', '-y', '-threads', '1', ...picture, ...sound, ...output]);
}

export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
export const HEVC = [
  ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:pools=1'],
  ...['-pix_fmt', 'yuv420p', '-tag:v', 'hvc1'],
];
