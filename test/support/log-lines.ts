import { expect } from '@jest/globals';

/** Expects each line to be JSON without a duplicate key: readers disagree on which of two equal keys counts. */
export function expectLinesWithEachKeyOnce(output: string): void {
  const lines = output.trim().split('\n');
  const unreadable = lines.filter((line) => !/^\{.*\}$/.test(line));
  expect(unreadable).toEqual([]);
  const twice = lines.filter((line) => new Set(topLevelKeys(line)).size < topLevelKeys(line).length);
  expect(twice).toEqual([]);
}

/** Reads the keys from the text, because a JSON parser keeps only one of two equal keys. */
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
