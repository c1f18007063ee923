import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startSheet } from '../scripts/lib/start-sheet.mjs';

// The documents have to be true: each command exists, each link has a target, and the README shows what is really printed.

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
/** Every Markdown page of the repository, except those of dependencies and of builds. */
const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return /^(\..+|node_modules|dist|bundle|generated)$/.test(entry.name) ? [] : pagesIn(path);
    }
    return entry.name.endsWith('.md') ? [path] : [];
  });
const pages = pagesIn('.').sort();
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** The anchors of a page's headings. */
const anchorsOf = (page: string) =>
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('names only commands that package.json has', () => {
    const named = [...text.matchAll(/\bnpm (?:run (?:--silent )?([a-z][\w:-]*)|(start|test)\b)/g)].map(
      ([, run, short]) => run ?? short ?? '',
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names only programs that exist in the repository', () => {
    const named = [...text.matchAll(/\bnode ((?:scripts|apps\/\w+\/src|test|bench)\/[\w./-]+)/g)].map(
      ([, path = '']) => path,
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('links only to files and headings that exist', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link));
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('README.md', () => {
  it('shows what `npm start` prints, line by line', () => {
    const plain = (text: string) => text;
    const printed = startSheet(
      {
        apiUrl: 'http://127.0.0.1:3000',
        sandboxUrl: 'http://127.0.0.1:4010',
        organizationId: '…',
        apiKey: '…',
        redisUrl: null,
      },
      { home: '…/.solospark', seconds: 4.2, paint: { bold: plain, dim: plain, green: plain } },
    );
    expect(read('README.md')).toContain(`\`\`\`\n${printed.trim()}\n\`\`\``);
  });

  it('has at most 115 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(115);
  });
});

describe('docs/settings.md', () => {
  it('explains every variable of .env.example', () => {
    const variables = [...read('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(variables.length).toBeGreaterThan(20);
    const cells = read('docs/settings.md').match(/^\| `.+?\|/gm) ?? [];
    const explained = new Set(
      cells.flatMap((cell) => [...cell.matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name)),
    );
    expect(variables.filter((name) => !explained.has(name))).toEqual([]);
  });
});

describe('the shell commands that `npm start` prints', () => {
  const plain = (text: string) => text;
  const sheet = startSheet(
    {
      apiUrl: 'http://127.0.0.1:1',
      sandboxUrl: 'http://127.0.0.1:2',
      organizationId: 'org',
      apiKey: 'key',
      redisUrl: null,
    },
    { home: '/home', seconds: 1, paint: { bold: plain, dim: plain, green: plain } },
  );

  it('set API, ORGANIZATION and KEY on lines of their own, and have no comment, which zsh would pass on as arguments', () => {
    const lines = sheet.split('\n');
    const from = lines.indexOf('API=http://127.0.0.1:1');
    const pasted = lines.slice(from, lines.indexOf('', from));
    expect(pasted.slice(0, 3)).toEqual(['API=http://127.0.0.1:1', 'ORGANIZATION=org', 'KEY=key']);
    expect(pasted.filter((line) => /^\s|(^|\s)#/.test(line))).toEqual([]);
    expect(pasted).toHaveLength(6);
  });
});
