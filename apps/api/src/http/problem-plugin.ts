import { isTransient } from '@solospark/db';
import { AppError, escapePointer, messageOf, parseInstant, type FieldError } from '@solospark/foundation';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { problemCatalog, ProblemSchema, type ProblemCode } from './problems.ts';

/** An error of the HTTP layer, not of a use case: no API key, no such route. */
export class HttpProblem extends AppError<ProblemCode> {}

type ProblemError = FieldError & { in: 'body' | 'query' | 'path' | 'header' };

interface Problem {
  code: ProblemCode;
  detail: string;
  errors: ProblemError[];
}

/** Answers every error as an RFC 9457 problem. */
export const problemPlugin = fp(async (app: FastifyInstance) => {
  app.addSchema(ProblemSchema);

  app.setErrorHandler(sendProblem);

  app.setNotFoundHandler((request, reply) => {
    const detail = `There is nothing at ${request.method} ${shorten(pathOf(request), 200)}. The routes are listed at /docs.`;
    const problem: Problem = { code: 'route_not_found', detail, errors: [] };
    return reply.code(404).type('application/problem+json').send(bodyOf(problem, request));
  });
});

export function sendProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const problem = noteProblem(error, request);
  // Fastify closes the connection after every refused body, often before the client has read the answer. Here it stays open:
  // body-deadline.ts reads the rest of the body.
  if (reply.raw.shouldKeepAlive) reply.header('connection', 'keep-alive');
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .header('x-request-id', request.id)
    .send(problem);
}

/** Logs the error, and returns the problem for the caller; the caller of this function chooses the format. */
export function noteProblem(error: FastifyError, request: FastifyRequest) {
  const problem = bodyOf(problemOf(error, request), request);
  logProblem(request.log, error, problem);
  return problem;
}

/**
 * The level depends on the cause. Our own faults need a person: `error`, with the stack. Faults of other servers and missing
 * configuration can be triggered by any caller at any rate: `warn`, one line. Mistakes of the caller: `info`.
 */
function logProblem(
  log: FastifyBaseLogger,
  error: FastifyError,
  { code, status }: { code: ProblemCode; status: number },
) {
  if (status < 500) log.info({ code }, 'request refused');
  else if (OURS.has(code)) log.error({ err: error, code }, 'request failed');
  else log.warn({ code, reason: shorten(reasonOf(error), 300) }, 'request not carried out');
}

const OURS: ReadonlySet<ProblemCode> = new Set(['internal_error', 'database_unavailable']);

function reasonOf(error: Error): string {
  return error.cause === undefined ? error.message : `${error.message} (${messageOf(error.cause)})`;
}

function bodyOf(problem: Problem, request: FastifyRequest) {
  const { status, title } = problemCatalog[problem.code];
  return {
    type: `urn:solospark:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: detailOf(problem),
    instance: shorten(pathOf(request), 500),
    requestId: request.id,
    errors: firstOf(problem.errors),
  };
}

const MOST_ERRORS = 20;
/** Bytes of JSON for all errors together, so that the whole answer stays below 16 KB. */
const MOST_BYTES = 8_192;

function detailOf({ detail, errors }: Problem): string {
  const shown = firstOf(errors).length;
  const sentence = shorten(detail, 600);
  return shown < errors.length
    ? `${sentence} The first ${shown} of ${errors.length} errors are listed.`
    : sentence;
}

/** Also shortens pointers and details: they hold names that the caller chose, of any length. */
function firstOf(errors: ProblemError[]): ProblemError[] {
  let bytes = 0;
  return errors
    .slice(0, MOST_ERRORS)
    .map((error) => ({ ...error, pointer: shorten(error.pointer, 200), detail: shorten(error.detail, 300) }))
    .filter((error) => (bytes += Buffer.byteLength(JSON.stringify(error))) <= MOST_BYTES);
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function problemOf(error: FastifyError, { raw }: FastifyRequest): Problem {
  if (error instanceof AppError) {
    const code = error.code in problemCatalog ? (error.code as ProblemCode) : 'internal_error';
    return {
      code,
      detail: error.message,
      errors: error.errors.map((field) => ({ in: 'body', ...field })),
    };
  }
  // Before `isTransient`: a client that disconnects causes an error that looks like a lost database connection.
  if (raw.destroyed && !raw.complete) {
    const detail = 'The connection was closed before the whole request had come. Send it again.';
    return { code: 'request_timeout', detail, errors: [] };
  }
  if (error.validation) return validationProblem(error);
  const known = KNOWN_ERRORS[error.code];
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

/** By the error code of Fastify or PostgreSQL. */
const KNOWN_ERRORS: Record<string, Omit<Problem, 'errors'>> = {
  // The last check for NUL: for a field that no earlier check covers.
  '22021': {
    code: 'invalid_request',
    detail: 'The request holds the character NUL (U+0000), which cannot be kept. Leave it out.',
  },
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
  FST_FILES_LIMIT: {
    code: 'invalid_request',
    detail: 'The form has more than one file: upload one at a time.',
  },
  FST_FIELDS_LIMIT: {
    code: 'invalid_request',
    detail: 'The form has more fields than "file" and "altText".',
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
    // A union reports each of its branches and then itself; the branches are more precise.
    if (issue.keyword === 'anyOf') return [];
    const named = issue.params['missingProperty'] ?? issue.params['additionalProperty'];
    const pointer =
      typeof named === 'string' ? `${issue.instancePath}/${escapePointer(named)}` : issue.instancePath;
    return [{ in: part, pointer, ...explainIssue(issue) }];
  });
  const first = errors[0];
  const field = first ? `${part} ${first.pointer || '/'} ${first.detail}` : error.message;
  return { code: 'invalid_request', detail: `The request was not understood: ${field}.`, errors };
}

/** Explains what is wrong with a time: Ajv's "must match format" does not help a person. */
function explainIssue({
  keyword,
  params,
  message = 'is not valid',
  data,
}: NonNullable<FastifyError['validation']>[number] & { data?: unknown }): { code: string; detail: string } {
  if (params['format'] === 'date-time' && typeof data === 'string') {
    const instant = parseInstant(data);
    if (!(instant instanceof Date)) return instant;
  }
  return { code: keyword, detail: message };
}
