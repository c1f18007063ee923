import type { HttpClient, PublishMedia } from '@solospark/publishers';
import type { Hold } from './hold.ts';

// What counts as a step of an attempt: it is how the deadline tells a slow upload from one that hangs.

export function noteRequests(hold: Pick<Hold, 'noteStep'>, http: HttpClient): HttpClient {
  return {
    ...http,
    async request(request) {
      hold.noteStep();
      try {
        return await http.request(request);
      } finally {
        hold.noteStep();
      }
    },
  };
}

export function noteReads(hold: Pick<Hold, 'noteStep'>, media: PublishMedia): PublishMedia {
  return {
    ...media,
    async bytes(range) {
      const bytes = await media.bytes(range);
      hold.noteStep();
      return bytes;
    },
  };
}
