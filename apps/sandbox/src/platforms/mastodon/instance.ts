import type { PublicPost, Shelf } from '../../world/posts.ts';
import { numberFromName } from '../accounts.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { presentAccount } from './account.ts';
import { descriptionLimit } from './media.ts';
import { recordNotFound } from './refusals.ts';
import type { Rules } from './rules.ts';

const imageTypes = ['image/jpeg', 'image/png', 'image/webp'];
const videoTypes = ['image/gif', 'video/webm', 'video/mp4', 'video/quicktime', 'video/ogg'];

/** The instance calls: the server and its limits. They need no token. Other software has only the older one. */
export function instanceEndpoints(rules: Rules, statuses: Shelf<PublicPost>): Endpoint[] {
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
    polls: { max_options: 4, max_characters_per_option: 50, min_expiration: 300, max_expiration: 2_629_746 },
    accounts: {
      max_featured_tags: 10,
      max_pinned_statuses: 5,
      max_display_name_length: 30,
      max_note_length: 500,
      max_avatar_description_length: 150,
      max_header_description_length: 150,
      max_profile_fields: 4,
      profile_field_name_limit: 255,
      profile_field_value_limit: 255,
    },
  });
  /** The contact account of the server. */
  const host = (origin: string) =>
    presentAccount({ handle: 'host', id: numberFromName('mastodon host', 18) }, { origin, statuses });
  const languages = ['en'];
  const about = { title: 'The sandbox', description: 'A stand-in for a Mastodon server' };

  function current({ origin }: Call): Answer {
    if (!rules.honoursIdempotencyKey || rules.instance !== 'v2') return recordNotFound();
    return {
      status: 200,
      body: {
        ...about,
        domain: 'mastodon.example',
        version: '4.5.2',
        source_url: 'https://github.com/mastodon/mastodon',
        usage: { users: { active_month: 1 } },
        thumbnail: {
          url: `${origin}/mastodon/missing.png`,
          blurhash: null,
          versions: {},
          description: '',
        },
        icon: [],
        languages,
        configuration: {
          ...configuration(),
          urls: { streaming: `${origin.replace(/^http/, 'ws')}/mastodon`, status: null },
          translation: { enabled: false },
          vapid: { public_key: '' },
        },
        registrations: {
          enabled: false,
          approval_required: false,
          reason_required: false,
          message: null,
          min_age: null,
          url: null,
        },
        api_versions: { mastodon: 7 },
        contact: { email: 'host@mastodon.example', account: host(origin) },
        rules: [],
        wrapstodon: null,
      },
    };
  }

  function older({ origin }: Call): Answer {
    if (rules.instance === 'none') return recordNotFound();
    const version = rules.honoursIdempotencyKey ? '4.5.2' : '4.0.0 (not true; using another software)';
    const limits =
      rules.instance === 'max_toot_chars'
        ? { max_toot_chars: rules.maxCharacters }
        : { configuration: configuration() };
    return {
      status: 200,
      body: {
        ...about,
        uri: 'mastodon.example',
        version,
        ...limits,
        short_description: about.description,
        email: 'host@mastodon.example',
        languages,
        registrations: false,
        approval_required: false,
        invites_enabled: false,
        urls: { streaming_api: `${origin.replace(/^http/, 'ws')}/mastodon` },
        stats: { user_count: 1, status_count: 0, domain_count: 0 },
        thumbnail: null,
        contact_account: host(origin),
        rules: [],
      },
    };
  }

  return [
    { method: 'GET', url: '/api/v2/instance', step: 'identity', answer: current },
    { method: 'GET', url: '/api/v1/instance', step: 'identity', answer: older },
  ];
}
