export const pageStyle = `
:root {
  --ground: #f4f5f7; --card: #ffffff; --ink: #16191d; --soft: #5c6670; --line: #dfe3e8; --accent: #b45309;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #101214; --card: #1a1d21; --ink: #eceff2; --soft: #9aa4ae; --line: #2c3137; --accent: #fbbf24; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); }
header { position: sticky; top: 0; z-index: 1; background: var(--ground); border-bottom: 1px solid var(--line); }
.bar, nav, main, section { max-width: 40rem; margin: 0 auto; padding: 0 1rem; }
.bar { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; padding-top: .75rem; }
.brand { color: inherit; font-weight: 700; text-decoration: none; white-space: nowrap; }
.brand span { color: var(--accent); }
#state { margin: 0; color: var(--soft); font-size: .875rem; text-align: right; }
nav { display: flex; flex-wrap: wrap; gap: .5rem; padding-top: .5rem; padding-bottom: .75rem; }
nav button {
  font: inherit; font-size: .875rem; color: inherit; background: var(--card); cursor: pointer;
  border: 1px solid var(--line); border-radius: 999px; padding: .25rem .75rem;
}
nav button[aria-pressed="true"] { background: var(--ink); color: var(--ground); border-color: var(--ink); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
main { padding-top: 1rem; padding-bottom: 3rem; }
main:empty { display: none; }
article {
  background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--colour);
  border-radius: .75rem; padding: .875rem 1rem; margin-bottom: .875rem; overflow: hidden;
}
article.fresh { animation: arrive .5s ease-out; }
@keyframes arrive { from { opacity: 0; transform: translateY(-.75rem); } }
@media (prefers-reduced-motion: reduce) { article.fresh { animation: none; } }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: .125rem .625rem; font-size: .875rem; }
.head b { font-size: 1rem; overflow-wrap: anywhere; }
.head time { margin-left: auto; color: var(--soft); }
.badge { background: var(--colour); color: #fff; border-radius: .375rem; padding: 0 .5rem; font-weight: 600; }
.text { margin: .5rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.text:empty { display: none; }
.pictures { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); margin-top: .75rem; }
.pictures img, .pictures video {
  display: block; width: 100%; max-height: 26rem; object-fit: cover; border-radius: .5rem; background: var(--line);
}
.foot { margin: .625rem 0 0; font-size: .8125rem; color: var(--soft); overflow-wrap: anywhere; }
.foot a, nav a { color: inherit; }
section { padding-top: 3rem; }
section h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
section p { color: var(--soft); margin: 0 0 1rem; }
pre {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .875rem; margin: 0;
  overflow-x: auto; font: .8125rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
`;
