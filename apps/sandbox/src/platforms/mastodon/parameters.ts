import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Parameters as Rails reads them: from JSON, or from a form, where `name[]` is a list. */
export function parametersOf(request: FastifyRequest): Record<string, unknown> {
  const { body } = request;
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

export function readForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      const form = new URLSearchParams(String(body));
      const names = new Set(form.keys());
      done(
        null,
        Object.fromEntries(
          [...names].map((name) =>
            name.endsWith('[]') ? [name.slice(0, -2), form.getAll(name)] : [name, form.get(name)],
          ),
        ),
      );
    },
  );
}

export function textOf(parameters: Record<string, unknown>, name: string): string {
  const value = parameters[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** True when the parameter is present, and is not a text or a number. */
export function isBroken(parameters: Record<string, unknown>, name: string): boolean {
  return !['string', 'number', 'undefined'].includes(typeof parameters[name]) && parameters[name] !== null;
}

export function listOf(parameters: Record<string, unknown>, name: string): string[] {
  const value = parameters[name];
  return Array.isArray(value) ? value.map(String) : [];
}
