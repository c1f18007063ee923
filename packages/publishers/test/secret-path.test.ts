import { messageOf } from '@solospark/foundation';
import { expect, it } from '@jest/globals';
import { createHttpClient } from '../src/http.ts';

it('an error names the shown path of a request, and not the secret in its path', async () => {
  // Port 9 is closed.
  const http = createHttpClient({
    baseUrl: 'http://127.0.0.1:9',
    timeoutMs: 5_000,
    publicOnly: false,
    contact: '',
  });
  const asked = http.request({ method: 'POST', path: '/hooks/s3cret', shownPath: '/hooks/…' });
  const error = await asked.catch(messageOf);
  expect(error).toContain('/hooks/…');
  expect(error).not.toContain('s3cret');
});
