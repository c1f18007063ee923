import {
  createPost,
  deletePost,
  duplicatePost,
  editPost,
  getPost,
  listPosts,
  publishPostNow,
  retryPost,
  schedulePost,
  unschedulePost,
  type Context,
} from '@solospark/domain';
import { parseInstant } from '@solospark/foundation';
import { Type } from 'typebox';
import { presentPost } from '../http/present.ts';
import { problemResponses } from '../http/problems.ts';
import { revisionOf, revisionTag } from '../http/revision.ts';
import * as schemas from '../http/schemas.ts';
import type { App } from '../http/types.ts';

const guarded = ['unauthorized', 'organization_not_found'] as const;
const onPost = [...guarded, 'post_not_found'] as const;
const onChange = [...onPost, 'post_locked', 'revision_mismatch'] as const;
const withBody = ['malformed_json', 'payload_too_large', 'unsupported_content_type'] as const;

/** The schema has refused texts that are not times. */
function instantOf(text: string | undefined): Date | undefined {
  const instant = text === undefined ? undefined : parseInstant(text);
  return instant instanceof Date ? instant : undefined;
}

export function postRoutes(app: App, ctx: Context): void {
  const tags = ['Posts'];

  app.post(
    '/posts',
    {
      schema: {
        tags,
        operationId: 'createPost',
        summary: 'Write a draft',
        params: schemas.OrganizationParams,
        body: schemas.NewPost,
        response: { 201: schemas.Post, ...problemResponses(...guarded, ...withBody, 'invalid_post') },
      },
    },
    async (request, reply) => {
      const { organizationId } = request.params;
      const post = await createPost(ctx, { organizationId, content: request.body });
      return reply
        .code(201)
        .header('location', `/organizations/${organizationId}/posts/${post.id}`)
        .header('etag', revisionTag(post))
        .send(presentPost(ctx, post));
    },
  );

  app.get(
    '/posts',
    {
      schema: {
        tags,
        operationId: 'listPosts',
        summary: 'List posts, newest first',
        params: schemas.OrganizationParams,
        querystring: schemas.PostQuery,
        response: { 200: schemas.PostPage, ...problemResponses(...guarded, 'invalid_cursor') },
      },
    },
    async (request) => {
      const { from, to, ...filter } = request.query;
      const page = await listPosts(ctx, {
        ...request.params,
        ...filter,
        from: instantOf(from),
        to: instantOf(to),
      });
      return { data: page.posts.map((post) => presentPost(ctx, post)), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/posts/:postId',
    {
      schema: {
        tags,
        operationId: 'getPost',
        summary: 'Read a post with its deliveries',
        params: schemas.PostParams,
        response: { 200: schemas.Post, ...problemResponses(...onPost) },
      },
    },
    async (request, reply) => {
      const post = await getPost(ctx, request.params);
      return reply.header('etag', revisionTag(post)).send(presentPost(ctx, post));
    },
  );

  app.patch(
    '/posts/:postId',
    {
      schema: {
        tags,
        operationId: 'editPost',
        summary: 'Change a draft or a scheduled post',
        params: schemas.PostParams,
        headers: schemas.IfMatchHeaders,
        body: schemas.PostChange,
        response: { 200: schemas.Post, ...problemResponses(...onChange, ...withBody, 'invalid_post') },
      },
    },
    async (request, reply) => {
      const { status, ...content } = request.body;
      const expectedRevision = revisionOf(request.headers['if-match']);
      const post = await editPost(ctx, { ...request.params, content, status, expectedRevision });
      return reply.header('etag', revisionTag(post)).send(presentPost(ctx, post));
    },
  );

  app.delete(
    '/posts/:postId',
    {
      schema: {
        tags,
        operationId: 'deletePost',
        summary: 'Delete a post; a scheduled one is not published',
        params: schemas.PostParams,
        headers: schemas.IfMatchHeaders,
        response: { 204: Type.Null({ description: 'Deleted' }), ...problemResponses(...onChange) },
      },
    },
    async (request, reply) => {
      await deletePost(ctx, { ...request.params, expectedRevision: revisionOf(request.headers['if-match']) });
      return reply.code(204).send(null);
    },
  );

  app.put(
    '/posts/:postId/schedule',
    {
      schema: {
        tags,
        operationId: 'schedulePost',
        summary: 'Schedule or reschedule',
        params: schemas.PostParams,
        headers: schemas.IfMatchHeaders,
        body: schemas.NewSchedule,
        response: {
          200: schemas.Post,
          ...problemResponses(...onChange, ...withBody, 'invalid_schedule', 'invalid_post'),
        },
      },
    },
    async (request, reply) => {
      const expectedRevision = revisionOf(request.headers['if-match']);
      const post = await schedulePost(ctx, { ...request.params, ...request.body, expectedRevision });
      return reply.header('etag', revisionTag(post)).send(presentPost(ctx, post));
    },
  );

  app.delete(
    '/posts/:postId/schedule',
    {
      schema: {
        tags,
        operationId: 'unschedulePost',
        summary: 'Remove a post from the schedule',
        params: schemas.PostParams,
        headers: schemas.IfMatchHeaders,
        response: { 200: schemas.Post, ...problemResponses(...onChange) },
      },
    },
    async (request, reply) => {
      const expectedRevision = revisionOf(request.headers['if-match']);
      const post = await unschedulePost(ctx, { ...request.params, expectedRevision });
      return reply.header('etag', revisionTag(post)).send(presentPost(ctx, post));
    },
  );

  app.post(
    '/posts/:postId/publish',
    {
      schema: {
        tags,
        operationId: 'publishPost',
        summary: 'Publish now; the schedule is canceled',
        params: schemas.PostParams,
        headers: schemas.IfMatchHeaders,
        response: { 202: schemas.Post, ...problemResponses(...onChange, 'invalid_post') },
      },
    },
    async (request, reply) => {
      const expectedRevision = revisionOf(request.headers['if-match']);
      const post = await publishPostNow(ctx, { ...request.params, expectedRevision });
      return reply.code(202).header('etag', revisionTag(post)).send(presentPost(ctx, post));
    },
  );

  app.post(
    '/posts/:postId/duplicate',
    {
      schema: {
        tags,
        operationId: 'duplicatePost',
        summary: 'Duplicate a post of any status as a draft',
        params: schemas.PostParams,
        response: { 201: schemas.Post, ...problemResponses(...onPost) },
      },
    },
    async (request, reply) => {
      const post = await duplicatePost(ctx, request.params);
      return reply
        .code(201)
        .header('location', `/organizations/${request.params.organizationId}/posts/${post.id}`)
        .header('etag', revisionTag(post))
        .send(presentPost(ctx, post));
    },
  );

  app.post(
    '/posts/:postId/retry',
    {
      schema: {
        tags,
        operationId: 'retryPost',
        summary: 'Retry the failed deliveries, and only those',
        params: schemas.PostParams,
        headers: schemas.IfMatchHeaders,
        response: {
          202: schemas.Post,
          ...problemResponses(...onPost, 'nothing_to_retry', 'revision_mismatch', 'invalid_post'),
        },
      },
    },
    async (request, reply) => {
      const expectedRevision = revisionOf(request.headers['if-match']);
      const post = await retryPost(ctx, { ...request.params, expectedRevision });
      return reply.code(202).header('etag', revisionTag(post)).send(presentPost(ctx, post));
    },
  );
}
