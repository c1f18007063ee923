import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';

export interface ShownPlatform {
  id: string;
  name: string;
  colour: string;
}

/** The feed: one page without assets. Its only data source is `/_sandbox/posts`. */
export function renderPage(platforms: ShownPlatform[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>SoloSpark sandbox</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body>
<header>
  <div class="bar">
    <a class="brand" href="/">SoloSpark <span>sandbox</span></a>
    <p id="state" role="status">Connecting…</p>
  </div>
  <nav id="filters" aria-label="Platforms"></nav>
</header>
<main id="feed" aria-live="polite" aria-busy="true"></main>
<section id="empty" hidden>
  <h1 id="empty-title">Nothing is public yet</h1>
  <p id="empty-text">Publish a post with SoloSpark and it appears here within a second, as it would on the platform.
  Or post straight to the stand-in for X:</p>
  <pre id="command" tabindex="0"></pre>
</section>
<noscript><p>This page needs JavaScript to follow the posts. The same list is at <a href="/_sandbox/posts">/_sandbox/posts</a>.</p></noscript>
<script>const platforms = ${JSON.stringify(platforms)};${pageScript}</script>
</body>
</html>
`;
}
