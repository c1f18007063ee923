import { Type, type Static } from 'typebox';
import { bearer, decode } from '../answer.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { PublishCall } from '../publisher.ts';

/** The pinned version of the Graph API, in the path of every call. */
export const GRAPH = '/v25.0';

/** The path of an edge of the account. */
export function ofAccount(call: PublishCall, edge: string): string {
  return `${GRAPH}/${encodeURIComponent(call.account.remoteAccountId)}/${edge}`;
}

export const Created = Type.Object({ id: Type.String({ minLength: 1 }) });

const ContainerStatus = Type.Object({
  status_code: Type.Union([
    Type.Literal('IN_PROGRESS'),
    Type.Literal('FINISHED'),
    Type.Literal('ERROR'),
    Type.Literal('EXPIRED'),
    Type.Literal('PUBLISHED'),
  ]),
  /** A sentence; for ERROR it contains the subcode. */
  status: Type.Optional(Type.String()),
});
export type ContainerStatus = Static<typeof ContainerStatus>;

export function statusRequest(call: PublishCall, containerId: string): HttpRequest {
  return {
    method: 'GET',
    path: `${GRAPH}/${encodeURIComponent(containerId)}`,
    query: { fields: 'status_code,status' },
    headers: bearer(call),
  };
}

export function readStatus(response: HttpResponse): ContainerStatus | undefined {
  return decode(ContainerStatus, response);
}
