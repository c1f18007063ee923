import { escapeHtml } from '../html.ts';
import type { Answer, SandboxPlatform } from '../platforms/platform.ts';
import type { Images } from '../world/images.ts';
import type { PublicPost } from '../world/posts.ts';
import { pageStyle } from './page-style.ts';

type Host = Pick<SandboxPlatform, 'id' | 'name' | 'colour'>;

/** The page of one post, at its permalink. It has no script, so that simple clients can read it, too. */
export function postPage(
  host: Host,
  post: PublicPost | undefined,
  { images, now }: { images: Images; now: number },
): Answer & { headers: Record<string, string> } {
  const body = post ? cardOf(host, post, images, now) : missing;
  const title = post ? `${post.account} on ${host.name}` : 'This post is not here';
  return { status: post ? 200 : 404, headers: pageHeaders, body: render(`${title} (sandbox)`, body) };
}

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

const missing = `<section>
<h1>This post is not here</h1>
<p>It was deleted, or the sandbox has been restarted since: it keeps everything in memory.</p>
</section>`;

function cardOf(host: Host, post: PublicPost, images: Images, now: number): string {
  const at = new Date(post.createdAt).toISOString();
  const shown = post.media.map((media) => figureOf(media, images)).join('\n');
  const hidden = post.visibleAt > now ? '<p class="foot">The platform does not list it yet.</p>' : '';
  return `<main>
<article style="--colour: ${escapeHtml(host.colour)}">
<div class="head"><span class="badge">${escapeHtml(host.name)}</span><b>${escapeHtml(post.account)}</b>
<time datetime="${at}">${at.slice(0, 16).replace('T', ' ')} UTC</time></div>
<p class="text">${escapeHtml(post.text)}</p>
${shown && `<div class="pictures">${shown}</div>`}
${settingsOf(post)}
${hidden}
<p class="foot">${escapeHtml(post.id)}</p>
</article>
</main>`;
}

function figureOf({ imageId, altText = '', title }: PublicPost['media'][number], images: Images): string {
  const source = `/_sandbox/media/${encodeURIComponent(imageId)}`;
  const type = images.find(imageId)?.type;
  const words = escapeHtml(altText);
  if (type === 'application/pdf') return `<a href="${source}">${escapeHtml(title ?? 'Document')}</a>`;
  if (type === undefined) return `<p class="foot">A file that was forgotten since. ${words}</p>`;
  return type.startsWith('video/')
    ? `<video controls preload="metadata" title="${words}" src="${source}"></video>`
    : `<img alt="${words}" src="${source}">`;
}

/** The post's other settings, in the platform's terms: a poll, a content warning, the visibility. */
function settingsOf({ settings = {} }: PublicPost): string {
  const chosen = Object.entries(settings).filter(
    ([, value]) => value !== null && value !== '' && value !== false,
  );
  const wordOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return chosen
    .map(([name, value]) => `<p class="foot">${escapeHtml(name)}: ${escapeHtml(wordOf(value))}</p>`)
    .join('\n');
}

function render(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body>
<header>
  <div class="bar"><a class="brand" href="/">SoloSpark <span>sandbox</span></a></div>
  <nav aria-label="Posts"><a href="/">← All posts</a></nav>
</header>
${body}
</body>
</html>
`;
}
