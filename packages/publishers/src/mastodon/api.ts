import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { bearer, decode } from '../answer.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { PublishCall, Receipt } from '../publisher.ts';

const Attachment = Type.Object({
  id: Type.String(),
  url: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

/** A status in a server's list. Ids are strings of any form: other software does not use numbers. */
export const StatusSchema = Type.Object({
  id: Type.String({ minLength: 1 }),
  url: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  content: Type.String(),
  /** The source text; most software does not send it. */
  text: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  spoiler_text: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  reblog: Type.Optional(Type.Unknown()),
  media_attachments: Type.Optional(Type.Array(Attachment)),
});
export type RemoteStatus = Static<typeof StatusSchema>;

/** Some software lists a boosted own status as a boost of itself, with the same id. Returns the status itself. */
export function withoutOwnBoost(status: RemoteStatus): RemoteStatus {
  const { reblog } = status;
  return Value.Check(StatusSchema, reblog) && reblog.id === status.id ? reblog : status;
}

export function receiptOf(status: { id: string; url?: string | null }): Receipt {
  return { remoteId: status.id, url: status.url ?? null };
}

/** The receipt from the answer to the public call: the id is the proof. A scheduled status is not published. */
export function createdReceiptOf(response: HttpResponse): Receipt | undefined {
  const created = decode(CreatedSchema, response);
  if (!created || created.scheduled_at !== undefined) return undefined;
  const { id, url, uri } = created;
  const address = [url, uri].find((told) => typeof told === 'string' && /^https?:\/\//i.test(told));
  return { remoteId: String(id), url: typeof address === 'string' ? address : null };
}

const CreatedSchema = Type.Object({
  id: Type.Union([Type.String({ minLength: 1 }), Type.Integer()]),
  url: Type.Optional(Type.Unknown()),
  uri: Type.Optional(Type.Unknown()),
  scheduled_at: Type.Optional(Type.Unknown()),
});

/** Own statuses, newest first. */
export function statusesRequest(
  call: PublishCall,
  query: { limit: number; since_id?: string | undefined; max_id?: string | undefined },
): HttpRequest {
  return {
    method: 'GET',
    path: `/api/v1/accounts/${encodeURIComponent(call.account.remoteAccountId)}/statuses`,
    query,
    headers: bearer(call),
  };
}
