import { convertMediaFile, MAX_UPLOAD_BYTES, remuxMediaFile, type EncodeProblem } from '@solospark/media';
import { mendOf, publishers, type Mend, type MediaLimits, type NotConverted } from '@solospark/publishers';
import type { Upload } from '@solospark/storage';
import type { Context } from '../context.ts';
import { fileFor, type Media, type Rendition } from './media.ts';

type Film = Extract<Awaited<ReturnType<typeof convertMediaFile>>, { video: unknown }>;

/**
 * Converts a video or a GIF for the platforms: into a plain MP4 with the same picture and sound where that is enough, else
 * into a film that ffmpeg encodes. Platforms with the same needs share a file. `notConverted`: why something is missing.
 *
 * @param original the media and the path of its file; `work.deadline` is of `performance.now()`
 */
export async function makeFilms(
  ctx: Context,
  original: { media: Media; path: string },
  work: { upload: Upload; organizationId: string; deadline: number },
): Promise<{ films: Rendition[]; notConverted?: NotConverted }> {
  const { media, path } = original;
  const { upload, organizationId, deadline } = work;
  const { ffmpeg } = ctx.settings;
  const films: Rendition[] = [];
  let notConverted: NotConverted | undefined;

  const needOf = (limits: MediaLimits, against?: 'refusals') =>
    mendOf(fileFor({ ...media, renditions: films }, limits), limits, against);
  async function keep(name: string, film: Film | undefined): Promise<void> {
    if (!film) return;
    const { video, ...facts } = film;
    const { sha256 } = await upload.digest(upload.path(name));
    films.push({ name, ...facts, sha256, film: video });
  }
  let isCopied = false;
  async function copyOnce(): Promise<void> {
    if (isCopied) return;
    isCopied = true;
    await keep(COPY, await remuxMediaFile(path, upload.path(COPY), media.mimeType, organizationId));
  }

  for (const limits of byRoom()) {
    if (needOf(limits) === 'container') await copyOnce();
    const need = needOf(limits);
    if (need) await convert(need, limits);
    // If it was not converted, and that was only recommended, it goes as it is, with a warning.
    if (needOf(limits, 'refusals') === 'container') await copyOnce();
  }
  if (byRoom().some((limits) => needOf(limits, 'refusals'))) notConverted ??= 'unfit';
  return { films, ...(notConverted && { notConverted }) };

  async function convert(need: Mend, limits: MediaLimits): Promise<void> {
    if (notConverted === 'time' || notConverted === 'failed') return;
    if (ffmpeg === null) {
      notConverted = 'no_ffmpeg';
      return;
    }
    // A video that cannot be copied, such as one that was cut by an edit list, has to be encoded again.
    const make = need === 'container' ? 'film' : need;
    const maxBytes = Math.min(limits.video?.maxBytes ?? 0, MAX_UPLOAD_BYTES);
    const name = `${make}-${maxBytes}`;
    const { details } = media;
    const durationMs = media.durationMs ?? details?.loopMs;
    const film = await convertMediaFile(
      {
        path,
        container: media.kind === 'gif' ? 'gif' : 'mov',
        make,
        ...(durationMs !== undefined && { durationMs }),
        hdr: details?.hdr ?? false,
      },
      upload.path(name),
      { ffmpeg, client: organizationId, deadline, maxBytes },
    );
    if ('problem' in film) {
      notConverted = film.problem satisfies EncodeProblem;
      ctx.log.warn({ problem: film.problem, said: film.said }, 'a video was not converted');
    } else {
      await keep(name, film);
    }
  }
}

/** The name of a copy in a new MP4. */
const COPY = 'mp4';

/** Platforms that allow the largest files first: what is made for them may do for the others. */
function byRoom(): MediaLimits[] {
  const room = ({ video }: MediaLimits) => video?.maxBytes ?? 0;
  return publishers.map(({ limits }) => limits.media).sort((a, b) => room(b) - room(a));
}
