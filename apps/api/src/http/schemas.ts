import { Limits as PlatformLimits } from '@solospark/domain';
import { Type } from 'typebox';
import { ID_PATTERN } from './lower-ids.ts';
import * as examples from './examples.ts';

// The schemas of requests and answers: the source of validation, types and OpenAPI. A schema with a title becomes a component
// of that name in the document. A test sends the `examples` of each body to a running stack, so they must work unchanged.

/** Has no description: @fastify/swagger moves the description of a parameter, and two components of one title would differ. */
const Id = Type.String({ pattern: ID_PATTERN, title: 'Id' });
const Instant = Type.String({ format: 'date-time', title: 'Instant' });
const PlatformId = Type.String({ minLength: 1, maxLength: 50 });
const Limits = Type.Object(PlatformLimits.properties, { title: 'Limits' });
const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const OneOf = <T extends string[]>(...values: [...T]) => Type.Enum<T>(values, { type: 'string' });
const closed = { additionalProperties: false };

export const OrganizationParams = Type.Object({
  organizationId: Type.String({
    maxLength: 100,
    description: 'The organization of the API key',
    examples: ['demo'],
  }),
});
export const PostParams = Type.Object({ ...OrganizationParams.properties, postId: Id });
export const DeliveryParams = Type.Object({ ...PostParams.properties, deliveryId: Id });
export const ChannelParams = Type.Object({ ...OrganizationParams.properties, channelId: Id });
export const MediaParams = Type.Object({ mediaId: Id });
export const OrganizationMediaParams = Type.Object({ ...OrganizationParams.properties, mediaId: Id });

export const DisconnectQuery = Type.Object(
  {
    posts: Type.Optional(
      Type.Enum(['hold', 'fail'], {
        description:
          'What happens to its posts. hold: due deliveries wait until the account is connected again, or until their late limit; fail (the default): they fail',
      }),
    ),
  },
  closed,
);

export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'Only if the post still has the revision of this ETag', examples: ['*'] }),
  ),
});

export const IfNoneMatchHeaders = Type.Object({
  'if-none-match': Type.Optional(Type.String({ description: 'Answers 304 if the ETag has not changed' })),
});

const PostStatus = Type.Enum(
  ['draft', 'scheduled', 'publishing', 'published', 'partially_published', 'failed'],
  { type: 'string', title: 'PostStatus' },
);

/** A time in the next year: in the future while the process runs, and within the two years that are allowed. */
const LATER = `${new Date().getUTCFullYear() + 1}-07-01T09:00:00Z`;

const content = {
  text: Type.String({ maxLength: 100_000 }),
  mediaIds: Type.Array(Id, { maxItems: 20, uniqueItems: true }),
  channelIds: Type.Array(Id, {
    maxItems: 100,
    uniqueItems: true,
    description: 'The channels that the post is published on',
  }),
  platforms: Type.Array(PlatformId, {
    maxItems: 20,
    uniqueItems: true,
    description: 'Every active channel of these platforms, in addition to channelIds',
  }),
  channelTexts: Type.Record(Type.String(), Type.String({ maxLength: 100_000 }), {
    maxProperties: 100,
    description: 'Texts that replace text on single channels, by channel id',
  }),
  channelSettings: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
    maxProperties: 100,
    description:
      'Settings for single channels, by channel id; each platform has its own settings (GET /platforms)',
  }),
  lateLimitMinutes: Nullable(
    Type.Integer({
      minimum: 1,
      maximum: 10_080,
      description: 'How late it may still go out; null: 24 hours',
    }),
  ),
};

export const NewPost = Type.Object(
  { ...Type.Partial(Type.Object(content)).properties, text: content.text },
  {
    ...closed,
    title: 'NewPost',
    examples: [examples.newPost],
  },
);

export const PostChange = Type.Object(
  {
    ...Type.Partial(Type.Object(content)).properties,
    status: Type.Optional(
      Type.Literal('draft', { description: 'Removes a scheduled post from the schedule' }),
    ),
  },
  {
    ...closed,
    minProperties: 1,
    title: 'PostChange',
    examples: [{ text: 'Hello again from SoloSpark', lateLimitMinutes: 60 }],
  },
);

export const NewSchedule = Type.Object(
  {
    scheduledAt: Type.String({
      format: 'date-time',
      description: 'RFC 3339 with an offset, in the future, at most two years ahead',
    }),
  },
  { ...closed, title: 'NewSchedule', examples: [{ scheduledAt: LATER }] },
);

export const NewResolution = Type.Union(
  [
    Type.Object(
      {
        outcome: Type.Literal('published', { description: 'The post is public: a person has seen it' }),
        url: Type.Optional(
          Type.String({
            pattern: '^https://[!-~]+$',
            maxLength: 2_000,
            description: 'The address of the public post',
          }),
        ),
      },
      closed,
    ),
    Type.Object(
      {
        outcome: Type.Literal('not_published', {
          description: 'The post is not public: it may be tried again',
        }),
      },
      closed,
    ),
  ],
  {
    title: 'NewResolution',
    examples: [examples.resolution],
  },
);

export const PostQuery = Type.Object(
  {
    status: Type.Optional(PostStatus),
    from: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'Inclusive; compared with scheduledAt, else publishedAt, else createdAt',
        examples: ['2026-01-01T00:00:00Z'],
      }),
    ),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive', examples: [LATER] })),
    cursor: Type.Optional(Type.String({ maxLength: 200 })),
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  },
  closed,
);

const MediaDetails = Type.Object(
  {
    profile: Type.Optional(Type.String({ description: 'The profile of the encoding: High, Main 10, …' })),
    chromaSubsampling: Type.Optional(Type.String({ description: '4:2:0, …' })),
    bitDepth: Type.Optional(Type.Integer()),
    scan: Type.Optional(OneOf('progressive', 'interlaced')),
    squarePixels: Type.Optional(Type.Boolean()),
    hdr: Type.Optional(Type.Boolean()),
    audioProfile: Type.Optional(Type.String({ description: 'The profile of AAC: LC, HE, …' })),
    audioChannels: Type.Optional(Type.Integer()),
    audioSampleRate: Type.Optional(Type.Integer({ description: 'In Hz' })),
    moovFirst: Type.Optional(
      Type.Boolean({
        description: 'True: the moov box, with the index of the file, comes before the media data',
      }),
    ),
    fragmented: Type.Optional(Type.Boolean()),
    editList: Type.Optional(Type.Boolean()),
    frameCount: Type.Optional(Type.Integer({ description: 'For a GIF' })),
    loopMs: Type.Optional(Type.Integer({ description: 'For a GIF: the duration of one loop' })),
    notConverted: Type.Optional(
      Type.String({
        description:
          'Why the file was not converted for a platform that needs it: no_ffmpeg, time, size, failed or unfit. That platform refuses the file, with a reason',
      }),
    ),
  },
  { description: 'More properties of a video or a GIF; a property that the file does not state is absent' },
);

export const Media = Type.Object(
  {
    id: Id,
    kind: OneOf('image', 'gif', 'video', 'document'),
    mimeType: Type.String(),
    byteSize: Type.Integer(),
    width: Type.Integer({ description: 'In pixels; for a document, of its first page in points' }),
    height: Type.Integer(),
    durationMs: Nullable(Type.Integer({ description: 'For a video' })),
    frameRate: Nullable(Type.Number({ description: 'For a video, in frames per second' })),
    videoCodec: Nullable(Type.String({ description: 'h264 or hevc' })),
    audioCodec: Nullable(Type.String({ description: 'aac; null without sound' })),
    pageCount: Nullable(Type.Integer({ description: 'For a document' })),
    details: Nullable(MediaDetails),
    altText: Nullable(Type.String()),
    url: Type.String({ description: 'Signed; expires after a day' }),
    thumbnailUrl: Nullable(
      Type.String({ description: 'Signed; expires after a day. Videos and documents have none' }),
    ),
  },
  { title: 'Media' },
);

const Failure = Type.Object(
  {
    kind: Type.String({ description: 'Stable; switch on this' }),
    actor: Type.String({ description: 'Who can do something: user, platform or operator' }),
    reason: Type.String({ description: 'What happened and what to do' }),
    platformMessage: Nullable(
      Type.String({
        description:
          'The platform’s own message, as plain text; null without one. Show it in addition to the reason, never instead of it',
      }),
    ),
  },
  { title: 'Failure' },
);

export const Delivery = Type.Object(
  {
    id: Id,
    channelId: Id,
    platform: Type.String(),
    handle: Type.String(),
    status: OneOf('pending', 'publishing', 'published', 'failed', 'uncertain', 'canceled'),
    text: Nullable(
      Type.String({ description: 'The text that replaces the text of the post on this channel' }),
    ),
    settings: Type.Record(Type.String(), Type.Unknown(), {
      description: 'The settings for this channel; an absent setting has its default',
    }),
    dueAt: Nullable(Instant),
    nextAttemptAt: Nullable(Instant),
    attempts: Type.Integer(),
    publishedAt: Nullable(Instant),
    remoteId: Nullable(Type.String()),
    remoteUrl: Nullable(Type.String()),
    failure: Nullable(Failure),
  },
  { title: 'Delivery' },
);

const Warning = Type.Object({
  pointer: Type.String({ description: 'A JSON pointer into the post' }),
  code: Type.String(),
  detail: Type.String({ description: 'A sentence for people' }),
});

export const Post = Type.Object(
  {
    id: Id,
    status: PostStatus,
    revision: Type.Integer(),
    text: Type.String(),
    scheduledAt: Nullable(Instant),
    scheduleJobId: Nullable(Type.String()),
    alarm: Nullable(OneOf('set', 'pending')),
    publishedAt: Nullable(Instant),
    lateLimitMinutes: Nullable(Type.Integer({ description: 'How late it may still go out; null: 24 hours' })),
    createdAt: Instant,
    updatedAt: Instant,
    media: Type.Array(Media),
    deliveries: Type.Array(Delivery),
    warnings: Type.Array(Warning, {
      description:
        'What a platform may refuse, although it is not certain. Warnings do not stop the post from being published',
    }),
  },
  { title: 'Post' },
);

export const PostPage = Type.Object(
  { data: Type.Array(Post), nextCursor: Nullable(Type.String()) },
  { title: 'PostPage' },
);

export const Channel = Type.Object(
  {
    id: Id,
    platform: Type.String(),
    handle: Type.String(),
    remoteAccountId: Type.String(),
    server: Nullable(
      Type.String({ description: 'The server of the account, where its platform has many servers' }),
    ),
    sandbox: Type.Boolean(),
    status: OneOf('active', 'needs_reconnect', 'disabled'),
    reconnectReason: Nullable(Type.String({ description: 'Why it has to be connected again' })),
    expiresAt: Nullable(
      Type.String({
        format: 'date-time',
        description:
          'When the connection expires unless the account is connected again; null: it does not expire',
      }),
    ),
    expiresSoon: Type.Boolean({ description: 'True: it expires within a week, connect it again' }),
    holdsPosts: Type.Boolean({
      description: 'True: disconnected with posts=hold; due deliveries wait until it is connected again',
    }),
    limits: Nullable(Limits),
    createdAt: Instant,
  },
  { title: 'Channel' },
);

export const ChannelList = Type.Object({ data: Type.Array(Channel) }, { title: 'ChannelList' });

export const NewChannel = Type.Object(
  {
    platform: PlatformId,
    handle: Type.String({
      pattern: '^[a-z0-9-]{1,40}$',
      description: 'The account to connect on the sandbox',
    }),
  },
  { ...closed, title: 'NewChannel', examples: [examples.newChannel] },
);

const Server = Type.String({
  maxLength: 253,
  description: 'The server of the account, such as social.example.org, where the platform has many servers',
});
const Sandbox = Type.Boolean({ description: 'True: an account of the platform sandbox' });

export const Platform = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    connection: OneOf('consent', 'password'),
    anyServer: Type.Boolean({ description: 'Its accounts are on servers of many owners' }),
    redirectUri: Nullable(
      Type.String({
        description: 'The redirect URI that the operator registers at the platform; null: none',
      }),
    ),
    available: Type.Boolean({ description: 'Real accounts can be connected here' }),
    sandbox: Type.Boolean({ description: 'Accounts of its stand-in can be connected here' }),
    apiVersion: Nullable(
      Type.Object(
        {
          version: Type.String(),
          endsAt: Instant,
          endsSoon: Type.Boolean({ description: 'True: the operator has to configure a newer version' }),
        },
        { title: 'ApiVersion' },
      ),
    ),
    limits: Limits,
    settings: Type.Record(Type.String(), Type.Unknown(), {
      description: 'The JSON Schema of the settings of a channel of this platform (channelSettings)',
    }),
  },
  { title: 'Platform' },
);

export const PlatformList = Type.Object({ data: Type.Array(Platform) }, { title: 'PlatformList' });

export const ConnectionParams = Type.Object({ ...OrganizationParams.properties, connectionId: Id });

export const NewConnection = Type.Object(
  { platform: PlatformId, server: Type.Optional(Server), sandbox: Type.Optional(Sandbox) },
  { ...closed, title: 'NewConnection', examples: [examples.newConnection] },
);

export const StartedConnection = Type.Object(
  {
    id: Id,
    url: Type.String({ description: 'The author opens this in a browser' }),
    expiresAt: Instant,
  },
  { title: 'StartedConnection' },
);

export const Connection = Type.Object(
  {
    id: Id,
    platform: Type.String(),
    status: OneOf('waiting', 'connected', 'failed'),
    expiresAt: Instant,
    channelId: Nullable(Id),
    reason: Nullable(Type.String({ description: 'Why it failed' })),
  },
  { title: 'Connection' },
);

export const SignIn = Type.Object(
  {
    platform: PlatformId,
    identifier: Type.String({
      minLength: 1,
      maxLength: 320,
      description: 'The handle, or the email address',
    }),
    password: Type.String({
      minLength: 1,
      maxLength: 512,
      description: 'An app password, made for SoloSpark; it is not stored',
    }),
    server: Type.Optional(Server),
    sandbox: Type.Optional(Sandbox),
  },
  {
    ...closed,
    title: 'SignIn',
    examples: [examples.signIn],
  },
);

export const ConsentQuery = Type.Object({ state: Type.String({ maxLength: 200 }) }, closed);

export const ConsentForm = Type.Object(
  {
    ...ConsentQuery.properties,
    /** Has a default, so that a form without a token is refused as cross-site, a clearer error than a missing field. */
    formToken: Type.String({ maxLength: 200, default: '' }),
  },
  closed,
);

export const CallbackParams = Type.Object({ '*': Type.String() });

export const MediaChange = Type.Object(
  {
    altText: Nullable(Type.String({ maxLength: 5_000, description: 'At most 5,000 characters; null: none' })),
  },
  { ...closed, title: 'MediaChange', examples: [{ altText: 'A harbour at sunrise' }] },
);

export const MediaLinkQuery = Type.Object(
  {
    expires: Type.Integer({ minimum: 0 }),
    signature: Type.String({ maxLength: 200 }),
    rendition: Type.Optional(Type.String({ maxLength: 100, description: 'A derived file' })),
  },
  closed,
);
