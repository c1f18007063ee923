// Registers a loader for TypeScript, which Node 20 cannot import by itself. Also works as `node --import <this file>
// --conditions=source file.ts`.
import { register } from 'node:module';

const hook = `
import { transform } from ${JSON.stringify(import.meta.resolve('@swc/core'))};
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { source } = await next(url, { ...context, format: 'module' });
  const { code } = await transform(String(source), { jsc: { parser: { syntax: 'typescript' }, target: 'es2023', experimental: { keepImportAttributes: true } }, module: { type: 'es6' } });
  return { format: 'module', source: code, shortCircuit: true };
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
