import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jpeg, startSandbox, type Sandbox } from './harness.ts';
import { createImages } from '../src/world/images.ts';
import { createPosts, type PublicPost } from '../src/world/posts.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

describe('the page of the feed', () => {
  it('loads nothing from other origins', async () => {
    const feed = await sandbox.send('/');
    expect(feed.status).toBe(200);
    expect(feed.headers.get('content-type')).toMatch(/^text\/html/);
    expect(feed.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(feed.text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  it('inserts data as text, never as HTML', async () => {
    expect((await sandbox.send('/')).text).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write/,
    );
  });
});

describe('the memory of the sandbox', () => {
  it('drops the oldest images above its limit', () => {
    const images = createImages(jpeg.length * 2);
    const ids = [1, 2, 3].map(() => images.keep(jpeg));
    expect(ids.map((id) => images.find(id)?.type)).toEqual([undefined, 'image/jpeg', 'image/jpeg']);
  });

  it('recognises a video by the brand in its first bytes', () => {
    const images = createImages(1000);
    const brand = (name: string) => Buffer.from(`\0\0\0\x18ftyp${name}`, 'latin1');
    expect(images.find(images.keep(brand('isom')))?.type).toBe('video/mp4');
    expect(images.find(images.keep(brand('qt  ')))?.type).toBe('video/quicktime');
  });

  it('serves only images and videos', async () => {
    const images = createImages(1000);
    expect(images.find(images.keep(Buffer.from('<script>alert(1)</script>')))).toBeUndefined();
    expect((await sandbox.send('/_sandbox/media/999')).status).toBe(404);
  });

  it('drops the oldest posts from the list and from the index of their author', () => {
    const posts = createPosts(10);
    const shelf = posts.shelf('x');
    const postOf = (id: number): PublicPost => ({
      account: id % 2 === 0 ? 'even' : 'odd',
      id: String(id),
      url: '',
      text: '',
      media: [],
      createdAt: id,
      visibleAt: id,
    });
    for (let id = 1; id <= 100; id += 1) shelf.add(postOf(id));
    const listed = posts.list({}).map(({ post }) => Number(post.id));
    expect(listed.length).toBeGreaterThan(8);
    expect(listed.length).toBeLessThanOrEqual(10);
    expect(listed[0]).toBe(100);
    const indexed = ['even', 'odd']
      .flatMap((account) => shelf.ofAccount(account))
      .map(({ id }) => Number(id));
    expect(indexed.sort((a, b) => b - a)).toEqual(listed);
    expect(shelf.find('1')).toBeUndefined();
  });
});
