import { findProblem } from '../../validation.ts';
import type { PublicPost, Shelf } from '../../world/posts.ts';
import type { World } from '../../world/world.ts';
import { createDuplicates } from '../duplicates.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { isOrganization } from './accounts.ts';
import { statusOf, type Asset, type AssetKind, type Assets } from './assets.ts';
import { parseLittleText } from './little-text.ts';
import { CreateBody } from './post-schema.ts';
import { accessDenied, badInput, duplicatePost, notFound } from './refusals.ts';

export interface LinkedinPost extends PublicPost {
  author: string;
  body: CreateBody;
}

const maxCharacters = 3000;

export function postEndpoints(
  world: World,
  rules: { duplicateWindowMs: number; organizationsMayRead: boolean; ghostUrns: boolean },
  posts: Shelf<LinkedinPost>,
  assets: Assets,
  nextId: () => string,
): Endpoint[] {
  const duplicates = createDuplicates(world);

  function create({ request, account, now, origin, alteration }: Call): Answer {
    const refusal = checkBody(request.body, account.id);
    if (refusal) return refusal;
    const body = request.body as CreateBody;
    const media = mediaOf(body);
    for (const attached of [...media, ...thumbnailOf(body)]) {
      const unusable = checkAsset(attached, assets.get(attached.id), account.id, now);
      if (unusable) return unusable;
    }
    const content = JSON.stringify([body.commentary, body.content]);
    const earlier = duplicates.findEarlier(account.handle, content, now, rules.duplicateWindowMs);
    if (earlier !== undefined) {
      return duplicatePost(rules.ghostUrns ? `urn:li:share:${nextId()}` : earlier);
    }

    const urn = `urn:li:share:${nextId()}`;
    const { kept, shown } = parseLittleText(body.commentary);
    posts.add({
      account: account.handle,
      author: account.id,
      id: urn,
      url: `${origin}/linkedin/feed/update/${urn}/`,
      text: shown,
      media: media.map(({ id, altText, title }) => ({
        imageId: assets.get(id)?.received?.fileId ?? '',
        ...(altText !== undefined && { altText }),
        ...(title !== undefined && { title }),
      })),
      settings: {
        visibility: body.visibility,
        isReshareDisabledByAuthor: body.isReshareDisabledByAuthor ?? false,
        ...(body.content?.article && { article: body.content.article }),
      },
      createdAt: now,
      visibleAt: now + (alteration('delayed-visibility')?.ms ?? 0),
      body: { ...body, commentary: kept },
    });
    duplicates.remember(account.handle, content, now, urn);
    return { status: 201, headers: { 'x-restli-id': urn } };
  }

  /** Members may not even read their own posts, because LinkedIn no longer grants `r_member_social`. */
  const mayRead = (handle: string) => isOrganization(handle) && rules.organizationsMayRead;

  function find({ request, account, now }: Call): Answer {
    const query = request.query as Partial<Record<string, string>>;
    if (query['q'] !== 'author' || query['author'] === undefined) {
      return badInput('MISSING_FIELD', 'author', 'The finder wants q=author and author');
    }
    if (!mayRead(account.handle) || query['author'] !== account.id) {
      return accessDenied('posts.FINDER-author');
    }
    const count = Math.min(Math.max(Number(query['count'] ?? 10) || 10, 1), 100);
    const start = Math.max(Number(query['start'] ?? 0) || 0, 0);
    const own = posts.ofAccount(account.handle);
    const elements: unknown[] = [];
    let skipped = 0;
    for (let index = own.length - 1; index >= 0 && elements.length < count; index -= 1) {
      const post = own[index];
      if (!post || post.visibleAt > now) continue;
      if (skipped < start) skipped += 1;
      else elements.push(present(post));
    }
    return { status: 200, body: { paging: { start, count, links: [] }, elements } };
  }

  function read({ request, account, now }: Call): Answer {
    if (!mayRead(account.handle)) return accessDenied('posts.GET');
    const { urn } = request.params as { urn: string };
    const post = posts.find(urn);
    if (!post || post.author !== account.id || post.visibleAt > now) return notFound(urn);
    return { status: 200, body: present(post) };
  }

  /** Idempotent: deleting an unknown or deleted post is a success, too. */
  function remove({ request, account }: Call): Answer {
    const { urn } = request.params as { urn: string };
    const post = posts.find(urn);
    if (post && post.author !== account.id) return accessDenied('posts.DELETE');
    posts.remove(urn);
    return { status: 204 };
  }

  return [
    { method: 'POST', url: '/rest/posts', step: 'publish', answer: create },
    { method: 'GET', url: '/rest/posts', step: 'lookup', answer: find },
    { method: 'GET', url: '/rest/posts/:urn', step: 'lookup', answer: read },
    { method: 'DELETE', url: '/rest/posts/:urn', step: 'delete', answer: remove },
  ];
}

function checkBody(body: unknown, accountUrn: string): Answer | undefined {
  const problem = findProblem(CreateBody, body);
  if (problem?.kind === 'missing')
    return badInput('MISSING_FIELD', problem.field, `${problem.field} is required`);
  if (problem?.kind === 'unknown') {
    const path = `/${problem.field.replaceAll('.', '/')}`;
    return badInput(
      'UNRECOGNIZED_FIELD',
      path,
      `ERROR :: ${path} :: unrecognized field found but not allowed`,
      422,
    );
  }
  if (problem) return badInput('INVALID_VALUE_FOR_FIELD', problem.field, `${problem.field} ${problem.rule}`);

  const { author, commentary, content, visibility } = body as CreateBody;
  if (!/^urn:li:(person|organization):[\w-]+$/.test(author)) {
    return badInput('INVALID_URN_TYPE', 'author', 'author is not a person or organization URN');
  }
  if (author !== accountUrn) return accessDenied('posts.CREATE');
  if (commentary.trim() === '' && !content) {
    return badInput('INVALID_VALUE_BLANK_FIELD', 'commentary', 'commentary must not be blank');
  }
  const article = content?.article;
  if (article && !/^https?:\/\/\S+$/.test(article.source)) {
    return badInput('INVALID_VALUE_FOR_FIELD', 'content.article.source', 'source must be a URL');
  }
  // An organization has no connections.
  if (visibility === 'CONNECTIONS' && author.startsWith('urn:li:organization:')) {
    return badInput('INVALID_VALUE_FOR_FIELD', 'visibility', 'An organization has no connections');
  }
  if (Object.keys(content ?? {}).length > 1) {
    return badInput('INVALID_VALUE_FOR_FIELD', 'content', 'content must be of one kind');
  }
  // The limit counts the characters that are shown, without the escaping backslashes.
  const { kept, shown } = parseLittleText(commentary);
  if (shown.length + commentary.length - kept.length > maxCharacters) {
    return badInput('FIELD_LENGTH_TOO_LONG', 'commentary', `commentary exceeds ${maxCharacters} characters`);
  }
  return undefined;
}

/** The refusal does not name the file: it is not documented whether LinkedIn's does. */
function checkAsset(
  attached: Attached,
  asset: Asset | undefined,
  accountUrn: string,
  now: number,
): Answer | undefined {
  const { id, field, kinds } = attached;
  if (asset?.owner !== accountUrn) {
    return badInput('INVALID_URN_ID', field, `${id} is not a file of the author`);
  }
  if (!kinds.includes(asset.kind)) {
    return badInput('INVALID_URN_TYPE', field, `${id} is not one of ${kinds.join(', ')}`);
  }
  if (asset.kind === 'document' && !attached.title?.trim()) {
    return badInput('MISSING_FIELD', 'content.media.title', 'A document needs a title');
  }
  if (asset.kind !== 'image' && attached.altText !== undefined) {
    return badInput(
      'INVALID_VALUE_FOR_FIELD',
      'content.media.altText',
      'Only images have an alternative text',
    );
  }
  const status = statusOf(asset, now);
  switch (status) {
    case 'AVAILABLE':
      return undefined;
    case 'WAITING_UPLOAD':
    case 'PROCESSING':
      return badInput('MEDIA_ASSET_WAITING_UPLOAD', 'content', 'A media asset is not ready yet');
    case 'PROCESSING_FAILED':
      return badInput('MEDIA_ASSET_PROCESSING_FAILED', 'content', 'A media asset could not be processed');
  }
}

interface Attached {
  id: string;
  field: string;
  kinds: AssetKind[];
  altText?: string;
  title?: string;
}

function mediaOf({ content }: CreateBody): Attached[] {
  const several = content?.multiImage?.images ?? [];
  const one = content?.media;
  return [
    ...(one
      ? [{ ...one, field: 'content.media.id', kinds: ['image', 'video', 'document'] as AssetKind[] }]
      : []),
    ...several.map((image, index) => ({
      ...image,
      field: `content.multiImage.images.${index}.id`,
      kinds: ['image'] as AssetKind[],
    })),
  ];
}

function thumbnailOf({ content }: CreateBody): Attached[] {
  const id = content?.article?.thumbnail;
  return id === undefined ? [] : [{ id, field: 'content.article.thumbnail', kinds: ['image'] }];
}

const present = (post: LinkedinPost) => ({
  ...post.body,
  id: post.id,
  createdAt: post.createdAt,
  publishedAt: post.createdAt,
  lastModifiedAt: post.createdAt,
});
