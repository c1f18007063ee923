/** A public post. Each platform adds its own fields. Times are epoch milliseconds. */
export interface PublicPost {
  /** The handle of the author's sandbox account. */
  account: string;
  /** The platform's own id. */
  id: string;
  /** The permalink: the platform's path on this sandbox, a page that shows the post. */
  url: string;
  /** The text that a reader sees. */
  text: string;
  media: PostMedia[];
  /** The author's other choices, in the platform's own terms. */
  settings?: Record<string, unknown>;
  createdAt: number;
  /** Lists and look-ups do not show the post before this time; the oracle does. */
  visibleAt: number;
}

export interface PostMedia {
  imageId: string;
  altText?: string;
  title?: string;
}

/** The posts of one platform, with that platform's type. */
export interface Shelf<P extends PublicPost> {
  add(post: P): void;
  find(id: string): P | undefined;
  /** Oldest first. The caller must not change the list. */
  ofAccount(account: string): readonly P[];
  remove(id: string): void;
}

export interface ShelvedPost {
  platform: string;
  post: PublicPost;
}

/** All public posts, which the oracle reads. Bounded, and indexed by platform and account. */
export interface Posts {
  shelf<P extends PublicPost>(platform: string): Shelf<P>;
  /** Newest first. */
  list(filter: { platform?: string | undefined; account?: string | undefined }): ShelvedPost[];
  clear(): void;
}

export function createPosts(capacity: number): Posts {
  const byId = new Map<string, ShelvedPost>();
  const byAccount = new Map<string, PublicPost[]>();
  const keyOf = (platform: string, name: string) => `${platform} ${name}`;

  /** Drops the oldest tenth at once, so that the average work per post is constant. */
  function evictOldest(): void {
    const authors = new Set<string>();
    for (const [key, { platform, post }] of byId) {
      if (byId.size <= capacity * 0.9) break;
      byId.delete(key);
      authors.add(keyOf(platform, post.account));
    }
    for (const author of authors) {
      const platform = author.slice(0, author.indexOf(' '));
      const kept = (byAccount.get(author) ?? []).filter((post) => byId.has(keyOf(platform, post.id)));
      if (kept.length > 0) byAccount.set(author, kept);
      else byAccount.delete(author);
    }
  }

  function createShelf(platform: string): Shelf<PublicPost> {
    return {
      add(post) {
        byId.set(keyOf(platform, post.id), { platform, post });
        const author = keyOf(platform, post.account);
        const posts = byAccount.get(author);
        if (posts) posts.push(post);
        else byAccount.set(author, [post]);
        if (byId.size > capacity) evictOldest();
      },
      find: (id) => byId.get(keyOf(platform, id))?.post,
      ofAccount: (account) => byAccount.get(keyOf(platform, account)) ?? [],
      remove(id) {
        const shelved = byId.get(keyOf(platform, id));
        if (!shelved) return;
        byId.delete(keyOf(platform, id));
        const posts = byAccount.get(keyOf(platform, shelved.post.account)) ?? [];
        posts.splice(posts.lastIndexOf(shelved.post), 1);
      },
    };
  }

  return {
    // The cast is sound, because a platform adds only its own type of post to its own shelf.
    shelf: <P extends PublicPost>(platform: string) => createShelf(platform) as unknown as Shelf<P>,
    list({ platform, account }) {
      if (platform !== undefined && account !== undefined) {
        const posts = byAccount.get(keyOf(platform, account)) ?? [];
        return posts.map((post) => ({ platform, post })).reverse();
      }
      return [...byId.values()]
        .filter((shelved) => platform === undefined || shelved.platform === platform)
        .filter((shelved) => account === undefined || shelved.post.account === account)
        .reverse();
    },
    clear() {
      byId.clear();
      byAccount.clear();
    },
  };
}
