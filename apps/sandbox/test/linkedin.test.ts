import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jpeg, linkedinPost, restHeaders, startSandbox, type Sandbox, type SentRequest } from './harness.ts';

let sandbox: Sandbox;
let person: string;
let organization: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  person = await sandbox.idOf('linkedin', 'ann');
  organization = await sandbox.idOf('linkedin', 'org-acme');
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const rest = (path: string, request: SentRequest = {}) =>
  sandbox.send(`/linkedin/rest/${path}`, {
    account: 'ann',
    ...request,
    headers: { ...restHeaders, ...request.headers },
  });
const create = (commentary: string, content?: unknown) =>
  rest('posts', { json: linkedinPost(person, commentary, content) });
const inputCode = (json: { errorDetails: { inputErrors: { code: string }[] } }) =>
  json.errorDetails.inputErrors[0]?.code;

async function initializeUpload(account = 'ann', owner = person) {
  const reply = await rest('images?action=initializeUpload', {
    account,
    json: { initializeUploadRequest: { owner } },
  });
  expect(reply.status).toBe(200);
  return reply.json.value as { uploadUrl: string; image: string; uploadUrlExpiresAt: number };
}

describe('LinkedIn: the account', () => {
  it('200 returns the subject of the author URN', async () => {
    const reply = await sandbox.send('/linkedin/v2/userinfo', { account: 'ann' });
    expect(reply.json.sub).toMatch(/^[\w-]{10}$/);
    expect(person).toBe(`urn:li:person:${reply.json.sub}`);
    expect(organization).toMatch(/^urn:li:organization:\d+$/);
    const ofOrganization = await sandbox.send('/linkedin/v2/userinfo', { account: 'org-acme' });
    expect(ofOrganization.json.sub).toBe(organization);
  });

  it('401 for an unknown token', async () => {
    expect((await sandbox.send('/linkedin/v2/userinfo', { token: 'other' })).status).toBe(401);
  });
});

describe('LinkedIn: the version headers', () => {
  it.each([
    ['no version', { 'linkedin-version': '' }, 400],
    ['no protocol version', { 'x-restli-protocol-version': '' }, 400],
    ['a version that is sunset', { 'linkedin-version': '202401' }, 426],
    ['a version with a day', { 'linkedin-version': '20260101' }, 426],
    ['a version with a month 13', { 'linkedin-version': '202613' }, 426],
    ['a version of next century', { 'linkedin-version': '209901' }, 426],
  ])('%s: %#', async (_name, headers, status) => {
    const reply = await rest('posts', { json: linkedinPost(person, 'Hello'), headers });
    expect(reply.status).toBe(status);
    if (status === 426) expect(reply.json.code).toBe('NONEXISTENT_VERSION');
    expect(await sandbox.publicPosts('linkedin', 'ann')).toEqual([]);
  });

  it('426 once the clock has passed the middle of the month one year later', async () => {
    const [year, month] = [2026, 1];
    const setClock = (instant: number) => sandbox.control('clock', { offsetMs: instant - Date.now() });
    const headers = { 'linkedin-version': '202601' };
    await setClock(Date.UTC(year + 1, month - 1, 15));
    expect((await rest('posts', { json: linkedinPost(person, 'Alive'), headers })).status).toBe(201);
    await setClock(Date.UTC(year + 1, month - 1, 17));
    expect((await rest('posts', { json: linkedinPost(person, 'Sunset'), headers })).status).toBe(426);
  });
});

describe('LinkedIn: publishing', () => {
  it('201 with an empty body and the URN in a header', async () => {
    const reply = await create('Hello');
    expect(reply.status).toBe(201);
    expect(reply.text).toBe('');
    const urn = reply.headers.get('x-restli-id');
    expect(urn).toMatch(/^urn:li:share:\d{19}$/);
    expect(reply.headers.get('x-rate-limit-limit')).toBeNull();
    const [post] = await sandbox.publicPosts('linkedin', 'ann');
    expect(post).toMatchObject({
      id: urn,
      text: 'Hello',
      url: `${sandbox.url}/linkedin/feed/update/${urn}/`,
    });
  });

  it('201 although an unescaped reserved character truncated the text', async () => {
    expect((await create('Buy now (today)')).status).toBe(201);
    expect((await create('Buy later \\(tomorrow\\)')).status).toBe(201);
    const posts = await sandbox.publicPosts('linkedin', 'ann');
    expect(posts.map((post: { text: string }) => post.text)).toEqual(['Buy later (tomorrow)', 'Buy now ']);
  });

  it.each([
    ['MISSING_FIELD', 400, { commentary: undefined }],
    ['MISSING_FIELD', 400, { distribution: undefined }],
    ['INVALID_VALUE_FOR_FIELD', 400, { visibility: 'EVERYBODY' }],
    ['INVALID_VALUE_FOR_FIELD', 400, { lifecycleState: 'DRAFT' }],
    ['INVALID_VALUE_BLANK_FIELD', 400, { commentary: ' ' }],
    ['FIELD_LENGTH_TOO_LONG', 400, { commentary: 'a'.repeat(3001) }],
    ['FIELD_LENGTH_TOO_LONG', 400, { commentary: '\\('.repeat(3001) }],
    ['INVALID_URN_TYPE', 400, { author: 'ann' }],
    ['UNRECOGNIZED_FIELD', 422, { colour: 'red' }],
    ['INVALID_URN_ID', 400, { content: { media: { id: 'urn:li:image:nothing' } } }],
  ])('%s is %i for %j', async (code, status, change) => {
    const reply = await rest('posts', { json: { ...linkedinPost(person, 'Hello'), ...change } });
    expect(reply.status).toBe(status);
    expect(inputCode(reply.json)).toBe(code);
    expect(await sandbox.publicPosts('linkedin', 'ann')).toEqual([]);
  });

  it('403 for an author that is not the account of the token', async () => {
    const reply = await rest('posts', { json: linkedinPost(organization, 'Hello') });
    expect(reply.status).toBe(403);
    expect(reply.json.code).toBe('ACCESS_DENIED');
  });

  it('422 names the URN of the earlier post with the same content within ten minutes', async () => {
    const urn = (await create('Twice')).headers.get('x-restli-id');
    const again = await create('Twice');
    expect(again.status).toBe(422);
    expect(again.json.message).toMatch(new RegExp(`Content is a duplicate of ${urn}$`));
    expect(inputCode(again.json)).toBe('DUPLICATE_POST');
    await sandbox.control('clock', { offsetMs: 601_000 });
    expect((await create('Twice')).status).toBe(201);
    expect(await sandbox.publicPosts('linkedin', 'ann')).toHaveLength(2);
  });

  it('204 for a delete, which is idempotent', async () => {
    const urn = encodeURIComponent((await create('Gone')).headers.get('x-restli-id') ?? '');
    for (const account of ['ann', 'ann']) {
      expect((await rest(`posts/${urn}`, { method: 'DELETE', account })).status).toBe(204);
    }
    expect(await sandbox.publicPosts('linkedin', 'ann')).toEqual([]);
  });

  it('429 without rate limit headers when the calls of the day are used up, until midnight UTC', async () => {
    await sandbox.control('settings', { platform: 'linkedin', callsPerDay: 1 });
    await create('One');
    const refused = await create('Two');
    expect(refused.status).toBe(429);
    expect([...refused.headers.keys()].filter((name) => /rate|retry/.test(name))).toEqual([]);
    await sandbox.control('clock', { offsetMs: 24 * 3_600_000 });
    expect((await create('Two')).status).toBe(201);
  });
});

describe('LinkedIn: images', () => {
  it('are uploaded to a URL of this sandbox with the bearer token, and shown in a post', async () => {
    const { uploadUrl, image } = await initializeUpload();
    expect(uploadUrl.startsWith(`${sandbox.url}/linkedin/`)).toBe(true);
    const early = await create('Early', { media: { id: image } });
    expect(early.status).toBe(400);
    expect(inputCode(early.json)).toBe('MEDIA_ASSET_WAITING_UPLOAD');

    expect((await sandbox.send(uploadUrl, { method: 'PUT', body: new Blob([jpeg]) })).status).toBe(401);
    expect((await sandbox.send(uploadUrl, { method: 'PUT', account: 'bob', body: jpeg })).status).toBe(404);
    const sent = await sandbox.send(uploadUrl, { method: 'PUT', account: 'ann', body: jpeg });
    expect(sent.status).toBe(201);
    expect(sent.text).toBe('');

    expect((await create('Ready', { media: { id: image, altText: 'A cat' } })).status).toBe(201);
    const [post] = await sandbox.publicPosts('linkedin', 'ann');
    expect(post).toMatchObject({ text: 'Ready', mediaCount: 1, media: [{ altText: 'A cat' }] });
  });

  async function upload(name: string, account = 'ann', owner = person): Promise<string> {
    const { uploadUrl, image } = await initializeUpload(account, owner);
    const body = Buffer.concat([jpeg, Buffer.from(name)]);
    expect((await sandbox.send(uploadUrl, { method: 'PUT', account, body })).status).toBe(201);
    return image;
  }
  const several = (ids: string[]) => ({
    multiImage: { images: ids.map((id, index) => ({ id, altText: `Picture ${index}` })) },
  });

  it.each([2, 20])('are posted %i at a time, in order, each with its alternative text', async (count) => {
    const names = [...'abcdefghijklmnopqrst'].slice(0, count);
    const ids: string[] = [];
    for (const name of names) ids.push(await upload(name));
    expect((await create('Album', several(ids))).status).toBe(201);
    const [{ media, mediaCount }] = await sandbox.publicPosts('linkedin', 'ann');
    expect(mediaCount).toBe(count);
    expect(media).toMatchObject(names.map((_name, index) => ({ altText: `Picture ${index}` })));
    const shown = media.map(async ({ url }: { url: string }) => (await fetch(url)).text());
    expect((await Promise.all(shown)).map((text: string) => text.at(-1))).toEqual(names);
  });

  it('400 for a multiImage of one or 21, for two kinds of content, and for unknown fields', async () => {
    const image = await upload('a');
    const refused = async (content: unknown) => {
      const reply = await create('Album', content);
      return [reply.status, inputCode(reply.json)];
    };
    expect(await refused(several([image]))).toEqual([400, 'INVALID_VALUE_FOR_FIELD']);
    const tooMany = Array.from({ length: 21 }, () => image);
    expect(await refused(several(tooMany))).toEqual([400, 'INVALID_VALUE_FOR_FIELD']);
    const both = { media: { id: image }, ...several([image, image]) };
    expect(await refused(both)).toEqual([400, 'INVALID_VALUE_FOR_FIELD']);
    const images = [{ id: image }, { id: image, colour: 'red' }];
    expect(await refused({ multiImage: { images } })).toEqual([422, 'UNRECOGNIZED_FIELD']);
    expect(await sandbox.publicPosts('linkedin', 'ann')).toEqual([]);
  });

  it('400 when one of several is of another author, not uploaded, or failed in processing', async () => {
    const own = await upload('a');
    const theirs = await upload('b', 'bob', await sandbox.idOf('linkedin', 'bob'));
    const refused = async (id: string) => inputCode((await create('Album', several([own, id]))).json);
    expect(await refused(theirs)).toBe('INVALID_URN_ID');
    expect(await refused((await initializeUpload()).image)).toBe('MEDIA_ASSET_WAITING_UPLOAD');
    await sandbox.control('faults', { platform: 'linkedin', step: 'upload', fault: 'processing-failed' });
    expect(await refused(await upload('c'))).toBe('MEDIA_ASSET_PROCESSING_FAILED');
    expect(await sandbox.publicPosts('linkedin', 'ann')).toEqual([]);
  });

  it('400 while an image is being processed', async () => {
    await sandbox.control('settings', { platform: 'linkedin', imageProcessingMs: 60_000 });
    const media = { id: await upload('a') };
    expect(inputCode((await create('Early', { media })).json)).toBe('MEDIA_ASSET_WAITING_UPLOAD');
    await sandbox.control('clock', { offsetMs: 60_000 });
    expect((await create('Ready', { media })).status).toBe(201);
  });

  it('400 for an image that failed in processing, and for an upload that is too late', async () => {
    const broken = await initializeUpload();
    await sandbox.send(broken.uploadUrl, { method: 'PUT', account: 'ann', body: 'no image' });
    const reply = await create('Broken', { media: { id: broken.image } });
    expect(inputCode(reply.json)).toBe('MEDIA_ASSET_PROCESSING_FAILED');

    const late = await initializeUpload();
    await sandbox.control('clock', { offsetMs: 25 * 3_600_000 });
    const sent = await sandbox.send(late.uploadUrl, { method: 'PUT', account: 'ann', body: jpeg });
    expect(inputCode(sent.json)).toBe('EXPIRED_UPLOAD_URL');
  });

  it('403 for members who read the status of an image', async () => {
    const { image } = await initializeUpload();
    expect((await rest(`images/${encodeURIComponent(image)}`)).status).toBe(403);
  });

  it('403 for an owner that is not the account of the token', async () => {
    const json = { initializeUploadRequest: { owner: organization } };
    expect((await rest('images?action=initializeUpload', { json })).status).toBe(403);
  });
});

describe('LinkedIn: videos', () => {
  const partBytes = 4 * 1024 * 1024;
  /** A file with the first bytes of an MP4. */
  const videoOf = (size: number) => {
    const video = Buffer.alloc(size, '.');
    video.write('ftyp', 4);
    return video;
  };
  const begin = async (fileSizeBytes: number) => {
    const reply = await rest('videos?action=initializeUpload', {
      json: {
        initializeUploadRequest: {
          owner: person,
          fileSizeBytes,
          uploadCaptions: false,
          uploadThumbnail: false,
        },
      },
    });
    expect(reply.status).toBe(200);
    return reply.json.value as {
      video: string;
      uploadToken: string;
      uploadInstructions: { uploadUrl: string; firstByte: number; lastByte: number }[];
    };
  };
  type Begun = Awaited<ReturnType<typeof begin>>;
  const sendPart = async ({ uploadInstructions }: Begun, part: number, video: Buffer) => {
    const { uploadUrl = '', firstByte = 0, lastByte = 0 } = uploadInstructions[part] ?? {};
    const body = video.subarray(firstByte, lastByte + 1);
    const reply = await sandbox.send(uploadUrl, { method: 'PUT', body });
    expect(reply.status).toBe(200);
    return (reply.headers.get('etag') ?? '').replaceAll('"', '');
  };
  const finalize = ({ video, uploadToken }: Begun, uploadedPartIds: string[], token = uploadToken) =>
    rest('videos?action=finalizeUpload', {
      json: { finalizeUploadRequest: { video, uploadToken: token, uploadedPartIds } },
    });
  const waiting = async ({ video }: Begun) =>
    inputCode((await create('Early', { media: { id: video } })).json);

  it('are uploaded in parts of 4 MB without a bearer token, finalized, and posted with their title', async () => {
    const video = videoOf(2 * partBytes + 5);
    const begun = await begin(video.length);
    expect(begun.uploadInstructions.map(({ firstByte, lastByte }) => [firstByte, lastByte])).toEqual([
      [0, partBytes - 1],
      [partBytes, 2 * partBytes - 1],
      [2 * partBytes, 2 * partBytes + 4],
    ]);
    expect(begun.uploadToken).not.toBe('');
    const ids: string[] = [];
    for (const part of [0, 1, 2]) ids.push(await sendPart(begun, part, video));
    expect(await waiting(begun)).toBe('MEDIA_ASSET_WAITING_UPLOAD');
    expect((await finalize(begun, ids)).status).toBe(200);
    expect((await create('Film', { media: { id: begun.video, title: 'A film' } })).status).toBe(201);
    const [post] = await sandbox.publicPosts('linkedin', 'ann');
    expect(post.media).toMatchObject([{ mimeType: 'video/mp4', title: 'A film', altText: null }]);
    const shown = await fetch(post.media[0].url);
    expect(shown.headers.get('content-type')).toBe('video/mp4');
    expect(Buffer.from(await shown.arrayBuffer()).equals(video)).toBe(true);
  });

  it('400 for a part with a bearer token, of another size, or too late', async () => {
    const video = videoOf(100_000);
    const begun = await begin(video.length);
    expect(begun.uploadToken).toBe('');
    const { uploadUrl = '' } = begun.uploadInstructions[0] ?? {};
    const put = { method: 'PUT', body: video };
    expect((await sandbox.send(uploadUrl, { ...put, account: 'ann' })).status).toBe(400);
    expect((await sandbox.send(uploadUrl, { ...put, body: video.subarray(1) })).status).toBe(400);
    await sandbox.control('clock', { offsetMs: 25 * 3_600_000 });
    const late = await sandbox.send(uploadUrl, put);
    expect([late.status, inputCode(late.json)]).toEqual([400, 'EXPIRED_UPLOAD_URL']);
  });

  it('400 for finalizing with unordered, missing or outdated part ids, another token, or a second time', async () => {
    const video = videoOf(partBytes + 100_000);
    const begun = await begin(video.length);
    const older = await sendPart(begun, 0, video);
    const first = await sendPart(begun, 0, video);
    const second = await sendPart(begun, 1, video);
    for (const ids of [[second, first], [first], [older, second], [`"${first}"`, second]]) {
      expect((await finalize(begun, ids)).status).toBe(400);
    }
    expect((await finalize(begun, [first, second], 'other')).status).toBe(400);
    expect(await waiting(begun)).toBe('MEDIA_ASSET_WAITING_UPLOAD');
    expect((await finalize(begun, [first, second])).status).toBe(200);
    expect((await finalize(begun, [first, second])).status).toBe(400);
  });

  it('400 for a video that is too small or too large', async () => {
    for (const fileSizeBytes of [75 * 1024 - 1, 500_000_001]) {
      const request = { owner: person, fileSizeBytes, uploadCaptions: false, uploadThumbnail: false };
      const reply = await rest('videos?action=initializeUpload', {
        json: { initializeUploadRequest: request },
      });
      expect(reply.status).toBe(400);
    }
  });

  it('400 while a video is being processed, and for a failed one; 403 for members who read its status', async () => {
    await sandbox.control('settings', { platform: 'linkedin', videoProcessingMs: 60_000 });
    const video = videoOf(100_000);
    const begun = await begin(video.length);
    await finalize(begun, [await sendPart(begun, 0, video)]);
    expect(await waiting(begun)).toBe('MEDIA_ASSET_WAITING_UPLOAD');
    expect((await rest(`videos/${encodeURIComponent(begun.video)}`)).status).toBe(403);
    await sandbox.control('faults', { platform: 'linkedin', step: 'upload', fault: 'processing-failed' });
    const broken = await begin(video.length);
    await finalize(broken, [await sendPart(broken, 0, video)]);
    await sandbox.control('clock', { offsetMs: 60_000 });
    expect(await waiting(broken)).toBe('MEDIA_ASSET_PROCESSING_FAILED');
    expect((await create('Ready', { media: { id: begun.video } })).status).toBe(201);
  });
});

describe('LinkedIn: documents and link cards', () => {
  const pdf = Buffer.from('%PDF-1.7 three pages');
  async function uploadDocument(): Promise<string> {
    const begun = await rest('documents?action=initializeUpload', {
      json: { initializeUploadRequest: { owner: person } },
    });
    const { uploadUrl, document } = begun.json.value;
    expect((await sandbox.send(uploadUrl, { method: 'PUT', account: 'ann', body: pdf })).status).toBe(201);
    return document;
  }

  it('201 for a document with a title, 400 without a title or with an alternative text', async () => {
    const id = await uploadDocument();
    const refused = async (media: unknown) => inputCode((await create('Read', { media })).json);
    expect(await refused({ id })).toBe('MISSING_FIELD');
    expect(await refused({ id, title: 'T', altText: 'Words' })).toBe('INVALID_VALUE_FOR_FIELD');
    expect((await create('Read', { media: { id, title: 'Three pages' } })).status).toBe(201);
    const [post] = await sandbox.publicPosts('linkedin', 'ann');
    expect(post.media).toMatchObject([{ mimeType: 'application/pdf', title: 'Three pages' }]);
    expect((await fetch(post.media[0].url)).headers.get('content-type')).toBe('application/pdf');
  });

  it('400 for a document in a multiImage', async () => {
    const id = await uploadDocument();
    const images = { multiImage: { images: [{ id }, { id }] } };
    expect(inputCode((await create('Album', images)).json)).toBe('INVALID_URN_TYPE');
    const article = { source: 'https://example.com', title: 'Card', thumbnail: id };
    expect(inputCode((await create('Card', { article })).json)).toBe('INVALID_URN_TYPE');
  });

  it('201 for a link card, which the oracle shows with the other settings', async () => {
    const { uploadUrl, image } = await initializeUpload();
    const article = { source: 'https://example.com/a', title: 'A page', thumbnail: image };
    expect(inputCode((await create('Card', { article })).json)).toBe('MEDIA_ASSET_WAITING_UPLOAD');
    await sandbox.send(uploadUrl, { method: 'PUT', account: 'ann', body: jpeg });
    const chosen = { visibility: 'CONNECTIONS', isReshareDisabledByAuthor: true };
    const json = { ...linkedinPost(person, 'Card', { article }), ...chosen };
    expect((await rest('posts', { json })).status).toBe(201);
    const [post] = await sandbox.publicPosts('linkedin', 'ann');
    expect(post).toMatchObject({ mediaCount: 0, settings: { ...chosen, article } });
  });

  it('400 for a link card without a URL or a title, and for visibility CONNECTIONS of an organization', async () => {
    for (const article of [{ source: 'example', title: 'A page' }, { source: 'https://example.com' }]) {
      expect((await create('Card', { article })).status).toBe(400);
    }
    const json = { ...linkedinPost(organization, 'Hello'), visibility: 'CONNECTIONS' };
    expect((await rest('posts', { account: 'org-acme', json })).status).toBe(400);
  });
});

describe('LinkedIn: a duplicate with ghostUrns', () => {
  it('422 names a post that does not exist, a different one each time', async () => {
    await sandbox.control('settings', { platform: 'linkedin', ghostUrns: true });
    const urn = (await create('Twice')).headers.get('x-restli-id');
    const named = async () => (await create('Twice')).json.message.split(' ').at(-1);
    const [first, second] = [await named(), await named()];
    expect(new Set([urn, first, second]).size).toBe(3);
    expect(await sandbox.publicPosts('linkedin', 'ann')).toHaveLength(1);
  });
});

describe('LinkedIn: reading', () => {
  const finder = (author: string, account: string) =>
    rest(`posts?author=${encodeURIComponent(author)}&q=author&count=10&sortBy=LAST_MODIFIED`, {
      account,
      headers: { 'x-restli-method': 'FINDER' },
    });

  it('403 for members, by finder and by URN', async () => {
    const urn = (await create('Mine')).headers.get('x-restli-id') ?? '';
    const found = await finder(person, 'ann');
    expect(found.status).toBe(403);
    expect(found.json.message).toMatch(/^Not enough permissions to access: /);
    expect((await rest(`posts/${encodeURIComponent(urn)}`)).status).toBe(403);
  });

  it('403 for an organization whose token lacks the scope', async () => {
    await sandbox.control('settings', { platform: 'linkedin', organizationsMayRead: false });
    expect(
      (await rest('posts', { account: 'org-acme', json: linkedinPost(organization, 'One') })).status,
    ).toBe(201);
    expect((await finder(organization, 'org-acme')).status).toBe(403);
  });

  it('200 for an organization, newest first, with the source text up to where it was truncated', async () => {
    for (const text of ['One', 'Two (cut)']) {
      await rest('posts', { account: 'org-acme', json: linkedinPost(organization, text) });
    }
    const found = await finder(organization, 'org-acme');
    expect(found.json.elements.map((post: { commentary: string }) => post.commentary)).toEqual([
      'Two ',
      'One',
    ]);
    const urn = encodeURIComponent(found.json.elements[0].id);
    expect((await rest(`posts/${urn}`, { account: 'org-acme' })).json.author).toBe(organization);
    expect((await rest('posts/urn%3Ali%3Ashare%3A1', { account: 'org-acme' })).status).toBe(404);
    expect((await finder(person, 'org-acme')).status).toBe(403);
  });
});
