import type { HttpResponse } from '../http.ts';
import type { Receipt } from '../publisher.ts';
import { receiptOf } from './api.ts';

const URN = /urn:li:(?:share|ugcPost|activity):\d{1,25}/;

/** `x-restli-id` is documented. The id has also been seen in the older header, in `location` and in the body. */
const PLACES = ['x-restli-id', 'x-linkedin-id', 'location'];

/** The receipt from the answer. Null: the answer has no id. */
export function createdReceiptOf({ headers, text }: HttpResponse): Receipt | null {
  const told = PLACES.map((name) => unescaped(headers.get(name) ?? ''));
  for (const words of [...told, text]) {
    const urn = URN.exec(words)?.[0];
    if (urn !== undefined) return receiptOf(urn);
  }
  // An id of another form is a proof too, but gives no link.
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
