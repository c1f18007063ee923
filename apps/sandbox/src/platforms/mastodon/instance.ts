import type { Answer, Endpoint } from '../platform.ts';
import { descriptionLimit } from './media.ts';
import { recordNotFound } from './refusals.ts';
import type { Rules } from './rules.ts';

const imageTypes = ['image/jpeg', 'image/png', 'image/webp'];
const videoTypes = ['image/gif', 'video/webm', 'video/mp4', 'video/quicktime', 'video/ogg'];

/** What the server says of itself, with its limits. Anyone may ask. Other software has only the older form. */
export function instanceEndpoints(rules: Rules): Endpoint[] {
  const configuration = () => ({
    statuses: {
      max_characters: rules.maxCharacters,
      max_media_attachments: rules.maxAttachments,
      characters_reserved_per_url: rules.charactersPerUrl,
    },
    media_attachments: {
      supported_mime_types: rules.takesVideos ? [...imageTypes, ...videoTypes] : imageTypes,
      description_limit: descriptionLimit,
      image_size_limit: rules.imageSizeLimit,
      image_matrix_limit: rules.imageMatrixLimit,
      video_size_limit: rules.videoSizeLimit,
      video_frame_rate_limit: rules.videoFrameRateLimit,
      video_matrix_limit: rules.videoMatrixLimit,
    },
  });
  const about = { title: 'The sandbox', description: 'A stand-in for a Mastodon server' };

  function current(): Answer {
    if (!rules.honoursIdempotencyKey || rules.instance !== 'v2') return recordNotFound();
    const source_url = 'https://github.com/mastodon/mastodon';
    return {
      status: 200,
      body: {
        ...about,
        domain: 'mastodon.example',
        version: '4.5.2',
        source_url,
        configuration: configuration(),
      },
    };
  }

  function older(): Answer {
    if (rules.instance === 'none') return recordNotFound();
    const version = rules.honoursIdempotencyKey ? '4.5.2' : '4.0.0 (not true; using another software)';
    const limits =
      rules.instance === 'max_toot_chars'
        ? { max_toot_chars: rules.maxCharacters }
        : { configuration: configuration() };
    return { status: 200, body: { ...about, uri: 'mastodon.example', version, ...limits } };
  }

  return [
    { method: 'GET', url: '/api/v2/instance', step: 'identity', answer: current },
    { method: 'GET', url: '/api/v1/instance', step: 'identity', answer: older },
  ];
}
