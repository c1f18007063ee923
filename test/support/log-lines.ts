import { expect } from '@jest/globals';

/** That each line is JSON and has no key twice: of two that are the same, every reader takes another one. */
export function expectLinesWithEachKeyOnce(output: string): void {
  const lines = output.trim().split('\n');
  const unreadable = lines.filter((line) => !/^\{.*\}$/.test(line));
  expect(unreadable).toEqual([]);
  const twice = lines.filter((line) => new Set(topLevelKeys(line)).size < topLevelKeys(line).length);
  expect(twice).toEqual([]);
}

/** As they stand in the line: a parser keeps one of two that are the same. */
function topLevelKeys(line: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const [token] of line.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.endsWith(':')) keys.push(token);
  }
  return keys;
}
