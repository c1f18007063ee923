// @ts-check
// The demo's HTTP client: it calls the API as any client does, and asks the sandbox which posts are really public.
import { PlainError } from './report.mjs';

/**
 * @typedef {object} Delivery
 * @property {string} id
 * @property {string} platform
 * @property {string} status
 * @property {string | null} [remoteId]
 * @property {string | null} [remoteUrl]
 * @property {string | null} [publishedAt]
 * @property {{ reason: string } | null} [failure]
 */
/** @typedef {{ id: string, status: string, deliveries: Delivery[] }} Post */
/** @typedef {{ id: string, text: string }} PublicPost */
/** @typedef {ReturnType<typeof createDemoClient>} DemoClient */

/** @param {{ apiUrl: string, sandboxUrl: string, organizationId: string, apiKey: string }} facts */
export function createDemoClient({ apiUrl, sandboxUrl, organizationId, apiKey }) {
  const base = `${apiUrl}/organizations/${organizationId}`;

  /**
   * @param {string} method
   * @param {string} path
   * @param {FormData | object} [body]
   */
  async function call(method, path, body) {
    const json = body !== undefined && !(body instanceof FormData);
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { 'x-api-key': apiKey, ...(json ? { 'content-type': 'application/json' } : {}) },
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new PlainError(`${method} ${path} was answered with ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  return {
    /**
     * @param {Uint8Array<ArrayBuffer>} image
     * @param {string} name
     * @returns {Promise<{ id: string }>}
     */
    upload(image, name) {
      const form = new FormData();
      form.set('file', new Blob([image], { type: 'image/jpeg' }), name);
      return call('POST', '/media', form);
    },
    /**
     * @param {{ text: string, mediaIds: string[], platforms: string[] }} post
     * @returns {Promise<Post>}
     */
    createPost: (post) => call('POST', '/posts', post),
    /**
     * @param {string} id
     * @param {Date} scheduledAt
     * @returns {Promise<Post>}
     */
    schedule: (id, scheduledAt) =>
      call('PUT', `/posts/${id}/schedule`, { scheduledAt: scheduledAt.toISOString() }),
    /**
     * @param {string} id
     * @returns {Promise<Post>}
     */
    getPost: (id) => call('GET', `/posts/${id}`),
    /**
     * @param {string} platform
     * @returns {Promise<PublicPost[]>}
     */
    async publicPosts(platform) {
      const response = await fetch(`${sandboxUrl}/_sandbox/posts?platform=${platform}`);
      const body = /** @type {{ posts: PublicPost[] }} */ (await response.json());
      return body.posts;
    },
  };
}
