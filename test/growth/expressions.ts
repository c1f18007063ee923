import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

export interface Expression {
  file: string;
  source: string;
  flags: string;
  /** The length of the longest text that it is matched against. */
  largest: number;
}

const root = join(import.meta.dirname, '../..');

/** The default length of the longest text. */
const LARGEST = 100_000;

/**
 * Expressions that need not be linear, because their text is limited before, to this many code units. Add one only together with
 * the line that limits its text.
 */
const BOUNDED: Record<string, number> = {};

/** Files whose texts are all limited: by `inShort` (refusals.ts), or cut to the same length (platform-message.ts). */
const BOUNDED_FILES = /publishers\/src\/(\w+\/refusals|platform-message)\.ts$/;
const SHORT = 2_000;

/** Every regular expression in our sources, except in the sandbox, which is not exposed to strangers. */
export function readExpressions(): Expression[] {
  const rooms = ['packages', 'apps'].flatMap((floor) =>
    readdirSync(join(root, floor))
      .filter((room) => room !== 'sandbox')
      .map((room) => join(root, floor, room, 'src')),
  );
  return rooms.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('generated'))
      .flatMap((name) => expressionsIn(join(folder, name))),
  );
}

function expressionsIn(path: string): Expression[] {
  const file = relative(root, path);
  const found: Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      const source = node.text.slice(1, end);
      found.push({
        file,
        source,
        flags: node.text.slice(end + 1),
        largest: BOUNDED[source] ?? (BOUNDED_FILES.test(file) ? SHORT : LARGEST),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest));
  return found;
}
