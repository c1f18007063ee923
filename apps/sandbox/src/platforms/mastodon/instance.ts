import type { Answer, Endpoint } from '../platform.ts';
import { descriptionLimit, imageBytesLimit } from './media.ts';
import { recordNotFound } from './refusals.ts';
import type { StatusRules } from './statuses.ts';

const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

/** What the server says of itself, with its limits. Anyone may ask. Other software has only the older form. */
export function instanceEndpoints(rules: StatusRules): Endpoint[] {
  const configuration = () => ({
    statuses: {
      max_characters: rules.maxCharacters,
      max_media_attachments: 4,
      characters_reserved_per_url: 23,
    },
    media_attachments: {
      supported_mime_types: imageTypes,
      image_size_limit: imageBytesLimit,
      description_limit: descriptionLimit,
    },
  });
  const about = { title: 'The sandbox', description: 'A stand-in for a Mastodon server' };

  function current(): Answer {
    if (!rules.honoursIdempotencyKey) return recordNotFound();
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
    const version = rules.honoursIdempotencyKey ? '4.5.2' : '4.0.0 (not true; using another software)';
    return {
      status: 200,
      body: { ...about, uri: 'mastodon.example', version, configuration: configuration() },
    };
  }

  return [
    { method: 'GET', url: '/api/v2/instance', step: 'identity', answer: current },
    { method: 'GET', url: '/api/v1/instance', step: 'identity', answer: older },
  ];
}
