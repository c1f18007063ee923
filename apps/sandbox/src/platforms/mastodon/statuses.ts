import type { BoundedMap } from '../../world/bounded-map.ts';
import type { Shelf } from '../../world/posts.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { bearerTokenOf } from '../accounts.ts';
import { readToken } from '../oauth/tokens.ts';
import { readApp } from './apps.ts';
import { stateOf, type Attachment } from './media.ts';
import { isBroken, listOf, parametersOf, textOf } from './parameters.ts';
import { notAllowed, recordNotFound, unprocessable, validationFailed } from './refusals.ts';
import type { Rules } from './rules.ts';
import { presentStatus, visibilities, type Application, type Status, type Visibility } from './status.ts';
import { countableLength } from './text.ts';

const languagePattern = /^[a-z]{2,3}(-[A-Za-z]{2,4})?$/;

export function statusEndpoints(
  world: World,
  rules: Rules,
  statuses: Shelf<Status>,
  attachments: BoundedMap<string, Attachment>,
  nextId: () => string,
): Endpoint[] {
  const keys = world.createTable<{ statusId: string; at: number }>(200_000);

  function create(call: Call): Answer {
    const { request, account, now, origin } = call;
    const key = keyOf(call);
    const known = key === undefined ? undefined : keys.get(key);
    // The key is checked before everything else, and does not depend on the text: a changed text gets the old status.
    if (known && now - known.at < rules.idempotencyKeyMs) {
      const earlier = statuses.find(known.statusId);
      return earlier ? { status: 200, body: presentStatus(earlier, { origin, statuses }) } : recordNotFound();
    }

    const parameters = parametersOf(request);
    const media = chooseMedia(listOf(parameters, 'media_ids'), account.id);
    if ('refusal' in media) return media.refusal;
    const broken = ['status', 'spoiler_text', 'visibility', 'language'].find((name) =>
      isBroken(parameters, name),
    );
    if (broken !== undefined) return unprocessable(`${broken}: must be a text`);
    const spoilerText = textOf(parameters, 'spoiler_text').trim();
    const given = textOf(parameters, 'status').trim();
    const text = given === '' && spoilerText !== '' ? textInsteadOf(media.chosen) : given;
    const visibility = textOf(parameters, 'visibility') || 'public';
    const language = textOf(parameters, 'language') || null;
    const sensitive = parameters['sensitive'] ?? false;
    if (text === '' && spoilerText === '' && media.chosen.length === 0) {
      return validationFailed("Text can't be blank");
    }
    if (countableLength(text, spoilerText, rules.charactersPerUrl) > rules.maxCharacters) {
      return validationFailed(`Text character limit of ${rules.maxCharacters} exceeded`);
    }
    if (!isVisibility(visibility)) return validationFailed('Visibility is not included in the list');
    if (typeof sensitive !== 'boolean' && sensitive !== 'true' && sensitive !== 'false') {
      return unprocessable('sensitive: must be true or false');
    }
    if (language !== null && !languagePattern.test(language)) {
      return unprocessable('language: must be a code such as en or pt-BR');
    }
    const unplayed = ['poll', 'scheduled_at', 'in_reply_to_id'].find(
      (name) => parameters[name] !== undefined,
    );
    if (unplayed !== undefined) return unprocessable(`${unplayed}: this sandbox does not play it`);

    const status = add(call, {
      text,
      spoilerText,
      visibility,
      language,
      // A status with a content warning is always sensitive.
      sensitive: String(sensitive) === 'true' || spoilerText !== '',
      chosen: media.chosen,
    });
    if (key !== undefined) keys.set(key, { statusId: status.id, at: now });
    return { status: 200, body: presentStatus(status, { origin, statuses }) };
  }

  function add(
    { account, request, now, origin, alteration }: Call,
    made: Pick<Status, 'text' | 'spoilerText' | 'visibility' | 'language' | 'sensitive'> & {
      chosen: Attachment[];
    },
  ): Status {
    const id = nextId();
    const { spoilerText, visibility, sensitive, language } = made;
    for (const attachment of made.chosen) attachment.statusId = id;
    const status: Status = {
      account: account.handle,
      authorId: account.id,
      id,
      url: `${origin}/mastodon/@${account.handle}/${id}`,
      text: made.text,
      media: made.chosen.map(({ imageId, description }) => ({
        imageId,
        ...(description !== null && { altText: description }),
      })),
      attachments: made.chosen,
      spoilerText,
      visibility,
      sensitive,
      language,
      application: applicationOf(request),
      settings: { visibility, spoilerText, sensitive, language },
      createdAt: now,
      visibleAt: now + (alteration('delayed-visibility')?.ms ?? 0),
    };
    statuses.add(status);
    return status;
  }

  function keyOf({ request, account }: Call): string | undefined {
    const header = request.headers['idempotency-key'];
    const given = typeof header === 'string' && header !== '';
    return rules.honoursIdempotencyKey && given ? `${account.handle} ${header}` : undefined;
  }

  function chooseMedia(ids: string[], ownerId: string): { chosen: Attachment[] } | { refusal: Answer } {
    if (ids.length > rules.maxAttachments) {
      return { refusal: unprocessable(`Cannot attach more than ${rules.maxAttachments} files`) };
    }
    const found = ids.map((id) => attachments.get(id));
    const chosen = found.filter(
      (attachment) => attachment?.ownerId === ownerId && attachment.statusId === null,
    ) as Attachment[];
    if (chosen.length < ids.length) {
      const missing = ids.filter((id) => !chosen.some((attachment) => attachment.id === id));
      return { refusal: unprocessable(`Media ${missing.join(', ')} not found or already attached`) };
    }
    if (chosen.length > 1 && chosen.some(({ kind }) => kind !== 'image')) {
      return { refusal: unprocessable('Cannot attach a video to a post that already contains images') };
    }
    if (chosen.some((attachment) => stateOf(attachment, rules) !== 'ready')) {
      return { refusal: unprocessable('Cannot attach files that have not finished processing') };
    }
    return { chosen };
  }

  function read({ request, account, now, origin }: Call): Answer {
    const status = findVisible(request, account.id, now);
    return status ? { status: 200, body: presentStatus(status, { origin, statuses }) } : recordNotFound();
  }

  function readSource({ request, account, now }: Call): Answer {
    const status = findVisible(request, account.id, now);
    if (status?.authorId !== account.id) return recordNotFound();
    return { status: 200, body: { id: status.id, text: status.text, spoiler_text: status.spoilerText } };
  }

  function remove({ request, account, now, origin }: Call): Answer {
    const status = findVisible(request, account.id, now);
    if (!status) return recordNotFound();
    if (status.authorId !== account.id) return notAllowed();
    statuses.remove(status.id);
    for (const attachment of status.attachments) attachment.statusId = null;
    return { status: 200, body: { ...presentStatus(status, { origin, statuses }), text: status.text } };
  }

  function findVisible(request: Call['request'], readerId: string, now: number): Status | undefined {
    const status = statuses.find((request.params as { id: string }).id);
    return status && mayRead(status, readerId) && status.visibleAt <= now ? status : undefined;
  }

  return [
    { method: 'POST', url: '/api/v1/statuses', step: 'publish', answer: create },
    { method: 'GET', url: '/api/v1/statuses/:id', step: 'lookup', answer: read },
    { method: 'GET', url: '/api/v1/statuses/:id/source', step: 'lookup', answer: readSource },
    { method: 'DELETE', url: '/api/v1/statuses/:id', step: 'delete', answer: remove },
  ];
}

/** The app of the token; the sandbox's own tokens belong to no app. */
function applicationOf(request: Call['request']): Application {
  const app = readApp(readToken('mastodon', 'access', bearerTokenOf(request))?.clientId ?? '');
  return { name: app?.name ?? 'The sandbox', website: app?.website ?? null };
}

/** The text that Mastodon puts in for a warning without a text. */
function textInsteadOf(chosen: Attachment[]): string {
  if (chosen.length === 0) return '.';
  return chosen.some(({ kind }) => kind !== 'image') ? '📹' : '🖼';
}

export function mayRead(status: Status, readerId: string): boolean {
  return status.authorId === readerId || ['public', 'unlisted'].includes(status.visibility);
}

function isVisibility(word: string): word is Visibility {
  return (visibilities as readonly string[]).includes(word);
}
