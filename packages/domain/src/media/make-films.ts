import { convertMediaFile, MAX_UPLOAD_BYTES, remuxMediaFile, type EncodeProblem } from '@solospark/media';
import { mendOf, publishers, type MediaLimits, type NotConverted } from '@solospark/publishers';
import type { Upload } from '@solospark/storage';
import type { Context } from '../context.ts';
import { fileFor, type Media, type Rendition } from './media.ts';

type Film = Extract<Awaited<ReturnType<typeof convertMediaFile>>, { video: unknown }>;

/**
 * Makes of a video or a GIF what the platforms need: a plain MP4 with the same picture and sound where that is enough, else a
 * film that an ffmpeg encodes. Two platforms that can do with the same share it. `notConverted`: why something is missing.
 *
 * @param original where it lies, and what it is; `deadline` is of `performance.now()`
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

  const needOf = (limits: MediaLimits) => mendOf(fileFor({ ...media, renditions: films }, limits), limits);
  async function keep(name: string, film: Film | undefined): Promise<void> {
    if (!film) return;
    const { video, ...facts } = film;
    const { sha256 } = await upload.digest(upload.path(name));
    films.push({ name, ...facts, sha256, film: video });
  }

  let isCopied = false;
  for (const limits of byRoom()) {
    let need = needOf(limits);
    if (need === 'container' && !isCopied) {
      isCopied = true;
      await keep(COPY, await remuxMediaFile(path, upload.path(COPY), media.mimeType, organizationId));
      need = needOf(limits);
    }
    if (!need || notConverted === 'time' || notConverted === 'failed') continue;
    if (ffmpeg === null) {
      notConverted = 'no_ffmpeg';
      continue;
    }
    // Of what cannot be copied, such as a film that was cut by an edit list, the frames have to be made anew.
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
  return { films, ...(notConverted && { notConverted }) };
}

/** The name of a copy in a new MP4. */
const COPY = 'mp4';

/** Those with the most room first: what is made for them may do for the others. */
function byRoom(): MediaLimits[] {
  const room = ({ video }: MediaLimits) => video?.maxBytes ?? 0;
  return publishers.map(({ limits }) => limits.media).sort((a, b) => room(b) - room(a));
}
