import type { HttpResponse } from '../http.ts';
import type { Receipt } from '../publisher.ts';
import { receiptOf } from './api.ts';

const URN = /urn:li:(?:share|ugcPost|activity):\d{1,25}/;

/** `x-restli-id` is documented; the older header, the address of what was made and a body are where else it has been seen. */
const PLACES = ['x-restli-id', 'x-linkedin-id', 'location'];

/** As what the post is out. Null: the answer does not say. */
export function createdReceiptOf({ headers, text }: HttpResponse): Receipt | null {
  const told = PLACES.map((name) => unescaped(headers.get(name) ?? ''));
  for (const words of [...told, text]) {
    const urn = URN.exec(words)?.[0];
    if (urn !== undefined) return receiptOf(urn);
  }
  // An id of another form proves the post, and leads nowhere.
  const id = told[0]?.trim() ?? '';
  return id === ''
    ? null
    : id.startsWith('urn:li:')
      ? receiptOf(id)
      : { remoteId: id.slice(0, 200), url: null };
}

function unescaped(value: string): string {
  return value.replaceAll(/%3A/gi, ':');
}
