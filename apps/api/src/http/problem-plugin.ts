import { isTransient } from '@solospark/db';
import { AppError, escapePointer, type FieldError } from '@solospark/foundation';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { problemCatalog, ProblemSchema, type ProblemCode } from './problems.ts';

/** The door itself refuses: no key, no such route. */
export class HttpProblem extends AppError<ProblemCode> {}

type ProblemError = FieldError & { in: 'body' | 'query' | 'path' | 'header' };

interface Problem {
  code: ProblemCode;
  detail: string;
  errors: ProblemError[];
}

/** Every error leaves as an RFC 9457 problem. */
export const problemPlugin = fp(async (app: FastifyInstance) => {
  app.addSchema(ProblemSchema);

  app.setErrorHandler(sendProblem);

  app.setNotFoundHandler((request, reply) => {
    const detail = `There is nothing at ${request.method} ${request.url.split('?')[0]}. The routes are listed at /docs.`;
    const problem: Problem = { code: 'route_not_found', detail, errors: [] };
    return reply.code(404).type('application/problem+json').send(bodyOf(problem, request));
  });
});

export function sendProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const problem = noteProblem(error, request);
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .header('x-request-id', request.id)
    .send(problem);
}

/** Logs what went wrong, and answers what the caller is to be told, in whatever form. */
export function noteProblem(error: FastifyError, request: FastifyRequest) {
  const problem = bodyOf(problemOf(error), request);
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
  else request.log.info({ code: problem.code }, 'request refused');
  return problem;
}

function bodyOf(problem: Problem, request: FastifyRequest) {
  const { status, title } = problemCatalog[problem.code];
  return {
    type: `urn:solospark:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.detail,
    instance: request.url.split('?')[0],
    requestId: request.id,
    errors: problem.errors,
  };
}

function problemOf(error: FastifyError): Problem {
  if (error instanceof AppError) {
    const code = error.code in problemCatalog ? (error.code as ProblemCode) : 'internal_error';
    return {
      code,
      detail: error.message,
      errors: error.errors.map((field) => ({ in: 'body', ...field })),
    };
  }
  if (error.validation) return validationProblem(error);
  const known = FASTIFY_PROBLEMS[error.code];
  if (known) return { ...known, errors: [] };
  if (isTransient(error)) {
    const detail = 'The database cannot be reached just now. Try again in a moment.';
    return { code: 'database_unavailable', detail, errors: [] };
  }
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500) {
    return { code: 'invalid_request', detail: error.message, errors: [] };
  }
  const detail = 'The request failed for a reason that is ours. Its requestId finds it in the logs.';
  return { code: 'internal_error', detail, errors: [] };
}

const FASTIFY_PROBLEMS: Record<string, Omit<Problem, 'errors'>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'malformed_json', detail: 'The body could not be read as JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    code: 'malformed_json',
    detail: 'The body is empty, and JSON was announced.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'payload_too_large',
    detail: 'The body is larger than this route takes.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_content_type',
    detail: 'Send JSON with the content type application/json.',
  },
  FST_INVALID_MULTIPART_CONTENT_TYPE: {
    code: 'unsupported_content_type',
    detail: 'Send the file as multipart/form-data, in a field named "file".',
  },
};

const PARTS: Record<string, ProblemError['in']> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

function validationProblem(error: FastifyError): Problem {
  const part = PARTS[error.validationContext ?? 'body'] ?? 'body';
  const errors = (error.validation ?? []).flatMap((issue): ProblemError[] => {
    // A union reports each of its branches and then itself; the branches say more.
    if (issue.keyword === 'anyOf') return [];
    const named = issue.params['missingProperty'] ?? issue.params['additionalProperty'];
    const pointer =
      typeof named === 'string' ? `${issue.instancePath}/${escapePointer(named)}` : issue.instancePath;
    return [{ in: part, pointer, code: issue.keyword, detail: issue.message ?? 'is not valid' }];
  });
  const first = errors[0];
  const field = first ? `${part} ${first.pointer || '/'} ${first.detail}` : error.message;
  return { code: 'invalid_request', detail: `The request was not understood: ${field}.`, errors };
}
