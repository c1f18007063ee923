import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

// Reads the floor plan of docs/architecture.md, and finds the source files that violate it.

export interface FloorPlan {
  /** Floor by room, for example `packages/db` → 1. */
  floors: Map<string, number>;
  /** Floors inside a room: by folder, or by a file that is in no folder. */
  inside: Map<string, number>;
  reserved: { places: string[]; things: string[] }[];
}

/** Text by path from the root of the repository. */
export type Sources = Map<string, string>;

const packageScope = '@solospark/';
const platformNames = 'the name of a platform';

/** Reads the tables under "Who may import whom". */
export function parseFloorPlan(markdown: string): FloorPlan {
  const [, chapter = ''] = markdown.split(/^## Who may import whom$/m);
  const section = chapter.split(/^## /m)[0] ?? '';
  const floors = new Map<string, number>();
  const inside = new Map<string, number>();
  const reserved: FloorPlan['reserved'] = [];
  for (const line of section.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    if (cells.length < 4 || cells[1]?.startsWith('---')) continue;
    const [, first = '', second = ''] = cells;
    if (/^\d+$/.test(first)) {
      for (const place of quoted(second))
        (roomOf(place) === place ? floors : inside).set(place, Number(first));
    } else if (quoted(first).length > 0) {
      reserved.push({ places: quoted(first), things: second === platformNames ? [second] : quoted(second) });
    }
  }
  return { floors, inside, reserved };
}

/** Every TypeScript source of every room. Tests are left out: they may import more than the room they test. */
export function readSources(root: string): Sources {
  const sources: Sources = new Map();
  for (const floor of ['apps', 'packages']) {
    for (const room of readdirSync(join(root, floor))) {
      const src = join(floor, room, 'src');
      for (const entry of readdirSync(join(root, src), { withFileTypes: true, recursive: true })) {
        const path = join(entry.parentPath, entry.name).slice(root.length + 1);
        if (!entry.isFile() || !/\.m?tsx?$/.test(path) || path.includes('/generated/')) continue;
        sources.set(path, readFileSync(join(root, path), 'utf8'));
      }
    }
  }
  return sources;
}

/** One sentence for each violation of the plan. */
export function findViolations(plan: FloorPlan, sources: Sources): string[] {
  const platforms = platformIds(sources);
  const neighbours = new Map<string, string[]>();
  const violations = [...sources].flatMap(([path, text]) => {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const found = look(file, platforms);
    neighbours.set(
      path,
      found.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => join(path, '..', specifier)),
    );
    return [
      ...found.imports.flatMap((specifier) => floorViolations(plan, path, specifier)),
      ...plan.reserved.flatMap(({ places, things }) =>
        places.some((place) => isIn(path, place))
          ? []
          : things
              .filter((thing) => found.uses(thing))
              .map((thing) => `${path} uses ${thing}, which only ${places.join(', ')} may`),
      ),
    ];
  });
  return [...violations, ...findCircles(neighbours)];
}

function floorViolations(plan: FloorPlan, path: string, specifier: string): string[] {
  const room = roomOf(path);
  const floor = plan.floors.get(room);
  if (floor === undefined) return [`${path} is in ${room}, which has no floor`];
  if (specifier.startsWith('.')) {
    const target = join(path, '..', specifier);
    if (roomOf(target) !== room) return [`${path} leaves its room by a path: ${specifier}`];
    return insideViolations(plan, path, target);
  }
  if (!specifier.startsWith(packageScope)) return [];
  const [name = '', ...deeper] = specifier.slice(packageScope.length).split('/');
  if (deeper.length > 0) return [`${path} reaches into a room: ${specifier}`];
  const targetFloor = plan.floors.get(`packages/${name}`) ?? plan.floors.get(`apps/${name}`);
  if (targetFloor === undefined) return [`${path} imports ${specifier}, which has no floor`];
  return targetFloor < floor ? [] : [`${path} imports ${specifier}, which is not below it`];
}

/** Violations inside a room that has floors of its own. */
function insideViolations(plan: FloorPlan, path: string, target: string): string[] {
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === to || ![...plan.inside.keys()].some((place) => place.startsWith(`${roomOf(path)}/`)))
    return [];
  const [floor, targetFloor] = [plan.inside.get(from), plan.inside.get(to)];
  if (floor === undefined) return [`${path} is in ${from}, which has no floor`];
  if (targetFloor === undefined) return [`${path} imports ${to}, which has no floor`];
  return targetFloor < floor ? [] : [`${path} imports ${target}, which is not below it`];
}

/** One sentence for each circular import; imports of types count as well. */
function findCircles(neighbours: Map<string, string[]>): string[] {
  const reachable = (from: string): Set<string> => {
    const seen = new Set<string>();
    const next = [...(neighbours.get(from) ?? [])];
    for (let path = next.pop(); path !== undefined; path = next.pop()) {
      if (!seen.has(path)) next.push(...(neighbours.get(path) ?? []));
      seen.add(path);
    }
    return seen;
  };
  const onCircles = [...neighbours.keys()].filter((path) => reachable(path).has(path));
  const circles = onCircles.map((path) =>
    onCircles
      .filter((other) => reachable(path).has(other) && reachable(other).has(path))
      .sort()
      .join(', '),
  );
  return [...new Set(circles)].map((circle) => `a circle of imports: ${circle}`);
}

interface Found {
  imports: string[];
  uses(thing: string): boolean;
}

/** Ignores comments: they may name a platform as an example. */
function look(file: ts.SourceFile, platforms: string[]): Found {
  const imports: string[] = [];
  let readsEnv = false;
  let fetches = false;
  let namesPlatform = false;
  const longNames = platforms.filter((id) => id.length > 2);
  const visit = (node: ts.Node): void => {
    const specifier = importedBy(node);
    if (specifier !== undefined) imports.push(specifier);
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      if (/^(globalThis\.)?process(\.env$|\[['"`]env)/.test(node.getText(file))) readsEnv = true;
    }
    if (ts.isCallExpression(node) && /^(globalThis\.)?fetch$/.test(node.expression.getText(file)))
      fetches = true;
    if (ts.isIdentifier(node) || ts.isStringLiteralLike(node) || isTemplatePart(node)) {
      const words = node.text.toLowerCase();
      // A name as short as "x" counts only when it is a whole string or a whole property name.
      const isWhole = ts.isStringLiteralLike(node) || isPropertyName(node);
      if ((isWhole && platforms.includes(words)) || longNames.some((id) => words.includes(id)))
        namesPlatform = true;
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  const modules = imports.map((specifier) => specifier.replace(/^node:/, ''));
  return {
    imports,
    uses(thing) {
      if (thing === platformNames) return namesPlatform;
      if (thing === 'process.env') return readsEnv || modules.includes('process');
      if (thing === 'fetch') return fetches;
      const name = thing.replace(/\/\*$/, '');
      return modules.some((module) => module === name || module.startsWith(`${name}/`));
    },
  };
}

function importedBy(node: ts.Node): string | undefined {
  let specifier: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) specifier = node.moduleSpecifier;
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    specifier = node.argument.literal;
  else if (ts.isExternalModuleReference(node)) specifier = node.expression;
  else if (ts.isCallExpression(node) && isImportCall(node)) specifier = node.arguments[0];
  return specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
}

function isImportCall(node: ts.CallExpression): boolean {
  const { expression } = node;
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text === 'require')
  );
}

function isTemplatePart(node: ts.Node): node is ts.TemplateHead | ts.TemplateMiddle | ts.TemplateTail {
  return ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node);
}

function isPropertyName(node: ts.Node): boolean {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** The folders of packages/publishers/src: one for each platform. */
function platformIds(sources: Sources): string[] {
  const folders = [...sources.keys()].map((path) => /^packages\/publishers\/src\/([^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}

function isIn(path: string, place: string): boolean {
  const pattern = place
    .split(/(\*|<platform>)/)
    .map((part) => (part === '*' || part === '<platform>' ? '[^/]+' : part.replaceAll('.', '\\.')))
    .join('');
  // `<platform>` is a folder, so it does not match the files beside those folders.
  return new RegExp(`^${pattern}${place.endsWith('>') ? '/' : '(/|$)'}`).test(path);
}

function roomOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

/** `packages/domain/src/post` for every file in it; a file directly in `src` is its own place. */
function folderOf(path: string): string {
  return path.split('/').slice(0, 4).join('/');
}

function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}
