/** Runs in the browser. Texts of posts are inserted as text, never as HTML. */
export const pageScript = String.raw`
'use strict';
const shownAtOnce = 100;
const feed = document.getElementById('feed');
const empty = document.getElementById('empty');
const state = document.getElementById('state');
const byId = new Map(platforms.map((platform) => [platform.id, platform]));
const cards = new Map();
let chosen = '';
let first = true;
let generation = 0;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function ago(iso) {
  const seconds = Math.round((Date.now() - Date.parse(iso)) / 1000);
  if (seconds < -60 || seconds >= 86400) return new Date(iso).toLocaleString();
  if (seconds < 5) return 'now';
  if (seconds < 60) return seconds + ' s ago';
  if (seconds < 3600) return Math.floor(seconds / 60) + ' min ago';
  return Math.floor(seconds / 3600) + ' h ago';
}

function createCard(post) {
  const platform = byId.get(post.platform);
  const card = element('article');
  card.style.setProperty('--colour', platform ? platform.colour : '#64748b');
  const head = element('div', 'head');
  const time = element('time');
  time.dateTime = post.createdAt;
  time.title = new Date(post.createdAt).toLocaleString();
  head.append(element('span', 'badge', platform ? platform.name : post.platform), element('b', '', post.account), time);
  card.append(head, element('p', 'text', post.text));
  if (post.media.length > 0) {
    const pictures = element('div', 'pictures');
    for (const media of post.media) {
      const path = new URL(media.url).pathname;
      if (media.mimeType === 'application/pdf') {
        const link = element('a', '', media.title || 'Document');
        link.href = path;
        pictures.append(link);
        continue;
      }
      const isVideo = (media.mimeType || '').startsWith('video/');
      const shown = element(isVideo ? 'video' : 'img');
      if (isVideo) {
        shown.controls = true;
        shown.preload = 'metadata';
        shown.title = media.altText || '';
      } else {
        shown.loading = 'lazy';
        shown.alt = media.altText || '';
      }
      shown.onerror = () => shown.remove();
      shown.src = path;
      pictures.append(shown);
    }
    card.append(pictures);
  }
  const foot = element('p', 'foot', post.id);
  const link = element('a', '', 'Open');
  link.href = new URL(post.url).pathname;
  foot.prepend(link, ' · ');
  card.append(foot);
  return card;
}

function render(posts) {
  const keys = new Set(posts.map((post) => post.platform + ' ' + post.id));
  for (const [key, card] of cards) if (!keys.has(key)) { card.remove(); cards.delete(key); }
  let before = feed.firstElementChild;
  for (const post of posts) {
    const key = post.platform + ' ' + post.id;
    let card = cards.get(key);
    if (!card) {
      card = createCard(post);
      if (!first) card.classList.add('fresh');
      cards.set(key, card);
    }
    if (card === before) before = before.nextElementSibling;
    else feed.insertBefore(card, before);
    card.querySelector('time').textContent = ago(post.createdAt);
  }
  first = false;
  feed.setAttribute('aria-busy', 'false');
  empty.hidden = posts.length > 0;
}

async function load() {
  const query = new URLSearchParams({ limit: String(shownAtOnce) });
  if (chosen) query.set('platform', chosen);
  const response = await fetch('/_sandbox/posts?' + query);
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

async function refresh() {
  const mine = ++generation;
  try {
    const { total, posts } = await load();
    if (mine !== generation) return;
    render(posts);
    const more = total > posts.length ? ', the newest ' + posts.length + ' shown' : '';
    state.textContent = total + (total === 1 ? ' public post' : ' public posts') + more;
  } catch {
    if (mine === generation) state.textContent = 'The sandbox does not answer; trying again';
  }
}

async function follow() {
  // A hidden page does not poll.
  if (!document.hidden) await refresh();
  setTimeout(follow, 1000);
}

for (const { id, name } of [{ id: '', name: 'All' }, ...platforms]) {
  const button = element('button', '', name);
  button.type = 'button';
  button.setAttribute('aria-pressed', String(id === chosen));
  button.onclick = () => {
    chosen = id;
    for (const other of button.parentNode.children) other.setAttribute('aria-pressed', String(other === button));
    refresh();
  };
  document.getElementById('filters').append(button);
}
document.getElementById('command').textContent = [
  'curl ' + location.origin + '/x/2/tweets \\',
  '  -H "Authorization: Bearer sandbox-demo" \\',
  '  -H "Content-Type: application/json" \\',
  '  -d \'{"text":"Hello from the sandbox"}\'',
].join('\n');
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
follow();
`;
