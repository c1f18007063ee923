import type { DomainErrorCode } from '@solospark/domain';
import { Type } from 'typebox';

// RFC 9457 problems. The only place that maps error codes to HTTP statuses.

export type ProblemCode =
  | DomainErrorCode
  | 'invalid_request'
  | 'malformed_json'
  | 'unauthorized'
  | 'organization_not_found'
  | 'route_not_found'
  | 'request_timeout'
  | 'headers_too_large'
  | 'expectation_failed'
  | 'payload_too_large'
  | 'unsupported_content_type'
  | 'range_not_satisfiable'
  | 'internal_error'
  | 'database_unavailable';

export const problemCatalog: Record<ProblemCode, { status: number; title: string }> = {
  invalid_request: { status: 400, title: 'The request is not of the documented form' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  invalid_cursor: { status: 400, title: 'The cursor is not known' },
  invalid_answer: { status: 400, title: 'The answer of the platform cannot be read' },
  unauthorized: { status: 401, title: 'An API key is required' },
  invalid_link: { status: 403, title: 'The link is not valid' },
  cross_site_request: { status: 403, title: 'This was not sent from our own page' },
  foreign_answer: { status: 403, title: 'The answer is not from the server that was asked' },
  route_not_found: { status: 404, title: 'There is no such route' },
  organization_not_found: { status: 404, title: 'There is no such organization' },
  post_not_found: { status: 404, title: 'There is no such post' },
  delivery_not_found: { status: 404, title: 'There is no such delivery' },
  connection_not_found: { status: 404, title: 'There is no such connection' },
  channel_not_found: { status: 404, title: 'There is no such channel' },
  media_not_found: { status: 404, title: 'There is no such media file' },
  request_timeout: { status: 408, title: 'The request did not come to its end' },
  post_locked: { status: 409, title: 'The post can no longer be changed' },
  nothing_to_retry: { status: 409, title: 'Nothing has failed' },
  nothing_to_resolve: { status: 409, title: 'There is nothing to decide' },
  being_sent: { status: 409, title: 'A post is going out right now' },
  channel_exists: { status: 409, title: 'The account is connected already' },
  media_in_use: { status: 409, title: 'A post needs the media file' },
  revision_mismatch: { status: 412, title: 'The post has changed in the meantime' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  media_too_large: { status: 413, title: 'The file is too large' },
  unsupported_content_type: { status: 415, title: 'The content type is not supported' },
  unsupported_media: { status: 415, title: 'The file is not of a supported type' },
  range_not_satisfiable: { status: 416, title: 'The range lies behind the end of the file' },
  expectation_failed: { status: 417, title: 'The header Expect cannot be met' },
  invalid_post: { status: 422, title: 'The post breaks a rule' },
  invalid_schedule: { status: 422, title: 'The time cannot be scheduled' },
  invalid_media: { status: 422, title: 'The file is empty, damaged or unreadable' },
  invalid_channel: { status: 422, title: 'The channel cannot be connected' },
  invalid_connection: { status: 422, title: 'The account cannot be connected' },
  platform_refused: { status: 422, title: 'The platform refused' },
  headers_too_large: { status: 431, title: 'The address and the headers are too long' },
  media_damaged: { status: 500, title: 'The media file is not what was uploaded' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  platform_unavailable: { status: 502, title: 'The platform cannot be reached' },
  platform_not_configured: { status: 503, title: 'This server has no app at the platform' },
  sandbox_unavailable: { status: 503, title: 'There is no platform sandbox here' },
  database_unavailable: { status: 503, title: 'The database cannot be reached' },
  storage_unavailable: { status: 503, title: 'The media store does not answer' },
  storage_full: { status: 507, title: 'The media store is full' },
  storage_read_only: { status: 507, title: 'The media store takes nothing' },
};

const TextPartSchema = Type.Object(
  {
    offset: Type.Integer({ minimum: 0, description: 'From the start of the text; 0 is the first' }),
    length: Type.Integer({ minimum: 1 }),
    character: Type.Optional(
      Type.Object(
        {
          codePoint: Type.String({ pattern: '^U\\+[0-9A-F]{4,6}$' }),
          name: Type.String({ description: 'Its name, for people' }),
        },
        { description: 'Present when a single character is refused' },
      ),
    ),
  },
  {
    description:
      'The part of the text at `pointer` that breaks the rule. In UTF-16 code units, as JavaScript, Java and C# index their strings, so an emoji has a length of 2 or more',
  },
);

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'A URI that names the kind of problem' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; switch on this' }),
    detail: Type.String({ description: 'What happened and what to do' }),
    instance: Type.String({ description: 'The path of the request' }),
    requestId: Type.String(),
    errors: Type.Array(
      Type.Object({
        in: Type.Union([
          Type.Literal('body'),
          Type.Literal('query'),
          Type.Literal('path'),
          Type.Literal('header'),
        ]),
        pointer: Type.String({ description: 'A JSON pointer to the field' }),
        code: Type.String(),
        detail: Type.String(),
        at: Type.Optional(TextPartSchema),
      }),
      { maxItems: 20, description: 'The first 20; `detail` says when there are more' },
    ),
  },
  { $id: 'Problem', title: 'Problem' },
);

/** The OpenAPI error responses of a route, from the codes that it may answer. */
export function problemResponses(...codes: ProblemCode[]): Record<number, object> {
  const always: ProblemCode[] = [
    'invalid_request',
    'request_timeout',
    'headers_too_large',
    'expectation_failed',
    'internal_error',
    'database_unavailable',
  ];
  const responses: Record<number, object> = {};
  for (const code of [...always, ...codes]) {
    const { status, title } = problemCatalog[code];
    const before = responses[status] as { description: string } | undefined;
    const description = before && before.description !== title ? `${before.description}; ${title}` : title;
    responses[status] = {
      description,
      content: { 'application/problem+json': { schema: Type.Ref('Problem') } },
    };
  }
  return responses;
}
