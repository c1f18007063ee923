import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lexicons as ownLexicons } from '../../apps/sandbox/src/platforms/bluesky/lexicons.ts';
import type { Noted } from './gateway.ts';
import { clientsFolder } from './install.mjs';
import { load } from './libraries.ts';
import type { Results } from './results.ts';

// Validates the sandbox's answers by the libraries' own declarations: their types, made into JSON schemas, and the lexicons. Each
// validator also gets an answer without a key, and has to refuse it.

/** Throws an error that says what is wrong. */
type Validate = (body: unknown) => void;

interface Kind {
  name: string;
  platform: string;
  method: string;
  path: RegExp;
  by: string;
  validate: Validate;
}

const source = `
import type { mastodon } from 'masto';
import type { Entity, OAuth } from 'megalodon';
import type * as x from 'twitter-api-v2';
import type { MediaV2UploadResponse } from 'twitter-api-v2/dist/esm/types/v2/media.v2.types.js';
export type MastoStatus = mastodon.v1.Status;
export type MastoStatuses = mastodon.v1.Status[];
export type MastoSource = mastodon.v1.StatusSource;
export type MastoOwnAccount = mastodon.v1.AccountCredentials;
export type MastoMedia = mastodon.v1.MediaAttachment;
export type MastoInstance = mastodon.v2.Instance;
export type MastoOldInstance = mastodon.v1.Instance;
export type MastoApp = mastodon.v1.Client;
export type MastoToken = mastodon.v1.Token;
export type MegalodonStatus = Omit<Entity.Status, 'plain_content' | 'emoji_reactions' | 'quote'>;
export type MegalodonAccount = Entity.Account;
export type MegalodonMedia = Omit<Entity.Attachment, 'url'>;
export type MegalodonInstance = Entity.Instance;
export type MegalodonToken = Entity.Token;
export type XPosted = x.TweetV2PostTweetResult;
export type XTweet = x.TweetV2SingleResult;
export type XTimeline = x.TweetV2UserTimelineResult;
export type XUser = x.UserV2Result;
export type XDeleted = x.TweetV2DeleteTweetResult;
export type XToken = x.AccessOAuth2TokenResult;
export type XUpload = MediaV2UploadResponse;
`;

/** Fields where a library's type contradicts the platform's documents, which the sandbox follows. */
const contradictions: [path: RegExp, because: string][] = [
  [/^Masto\w+ .*\/lastStatusAt$/, 'Mastodon docs, Account: null for an account without posts'],
  [/^Masto\w+ .*\/featureApproval$/, 'masto returns it as currentUser, but its type has current_user'],
  [/^MastoOwnAccount \/role\/(id|permissions)$/, 'Mastodon docs, Role: strings'],
  [/^MastoOwnAccount \/source$/, 'Mastodon docs, CredentialAccount: the role is beside the source'],
  [/^MastoOldInstance \/contactAccount$/, 'as these two within it'],
  [/^MastoInstance \/apiVersions\/mastodon$/, 'Mastodon docs, Instance: an integer'],
  [/^MastoInstance \/thumbnail\/(blurhash|versions)$/, 'Mastodon docs, Instance: may be null, or empty'],
  [/^MastoInstance \/configuration\/urls\/status$/, 'Mastodon docs, Instance: may be null'],
  [/^MastoApp \/clientSecretExpiresAt$/, 'Mastodon docs, CredentialApplication: 0, a number'],
  [/^X\w+ .*\/entities(\/urls\/\d+)?$/, 'X API v2 openapi, FullTextEntities: what there is of them'],
];

export async function validateAnswers(answers: Noted[], results: Results): Promise<void> {
  const kinds = [...(await typedKinds()), ...(await lexiconKinds()), ...documentedKinds];
  for (const kind of kinds) {
    const found = answers.filter(
      ({ platform, method, path, status }) =>
        platform === kind.platform && method === kind.method && kind.path.test(path) && status < 300,
    );
    await results.run('answers', `${kind.name} (${found.length}) by ${kind.by}`, async () => {
      assert.ok(found.length > 0, 'no such answer was given');
      for (const { body } of found) kind.validate(body);
      for (const { body } of found) assert.ok(noticesLoss(kind.validate, body), 'nothing missing is noticed');
    });
  }
  await results.run('answers', 'the sandbox’s lexicons are those of @atproto/api', async () => {
    const { schemas } = await load('@atproto/api');
    for (const { id, defs } of ownLexicons) {
      const official = schemas.find((schema: { id: string }) => schema.id === id);
      for (const [name, definition] of Object.entries(defs)) {
        assert.deepEqual(definition, withoutWords(official.defs[name]), `${id}#${name}`);
      }
    }
  });
}

/** Whether the validator refuses the answer without at least one of its keys. */
function noticesLoss(validate: Validate, body: unknown): boolean {
  const one = (Array.isArray(body) ? body[0] : body) as Record<string, unknown>;
  return Object.keys(one).some((key) => {
    const rest = Object.fromEntries(Object.entries(one).filter(([other]) => other !== key));
    try {
      validate(Array.isArray(body) ? [rest] : rest);
      return false;
    } catch {
      return true;
    }
  });
}

async function typedKinds(): Promise<Kind[]> {
  const types = join(clientsFolder, `answer-types-${process.pid}.ts`);
  const config = join(clientsFolder, `tsconfig-${process.pid}.json`);
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2022',
    skipLibCheck: true,
    types: [],
  };
  try {
    await writeFile(types, source);
    await writeFile(config, JSON.stringify({ compilerOptions, files: [types] }));
    const { createGenerator } = await load('ts-json-schema-generator');
    const generator = createGenerator({
      path: types,
      tsconfig: config,
      skipTypeCheck: true,
      additionalProperties: true,
    });
    const { Ajv } = await load('ajv');
    const byType = (type: string, read: (body: unknown) => unknown = (body) => body): Validate => {
      const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });
      const check = ajv.compile(generator.createSchema(type));
      return (body) => {
        if (check(read(body))) return;
        const errors = (check.errors as { instancePath: string; message: string }[]).filter(
          ({ instancePath }) => !isKnownContradiction(type, instancePath),
        );
        const sentences = errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
        assert.deepEqual(sentences, [], type);
      };
    };
    const masto = (name: string, method: string, path: RegExp, type: string): Kind => ({
      ...{ name: `Mastodon ${name}`, platform: 'mastodon', method, path, by: 'masto’s types' },
      validate: byType(type, camelCased),
    });
    const megalodon = (name: string, method: string, path: RegExp, type: string): Kind => ({
      ...{ name: `Mastodon ${name}`, platform: 'mastodon', method, path, by: 'megalodon’s types' },
      validate: byType(type),
    });
    const x = (name: string, method: string, path: RegExp, type: string): Kind => ({
      ...{ name: `X ${name}`, platform: 'x', method, path, by: 'twitter-api-v2’s types' },
      validate: byType(type),
    });
    return [
      masto('Status', 'POST', /^\/api\/v1\/statuses$/, 'MastoStatus'),
      masto('Status[]', 'GET', /^\/api\/v1\/accounts\/\d+\/statuses/, 'MastoStatuses'),
      masto('StatusSource', 'GET', /^\/api\/v1\/statuses\/\d+\/source$/, 'MastoSource'),
      masto('CredentialAccount', 'GET', /verify_credentials$/, 'MastoOwnAccount'),
      masto('MediaAttachment', 'POST', /^\/api\/v2\/media$/, 'MastoMedia'),
      masto('Instance v2', 'GET', /^\/api\/v2\/instance$/, 'MastoInstance'),
      masto('Instance v1', 'GET', /^\/api\/v1\/instance$/, 'MastoOldInstance'),
      masto('CredentialApplication', 'POST', /^\/api\/v1\/apps$/, 'MastoApp'),
      masto('Token', 'POST', /^\/oauth\/token$/, 'MastoToken'),
      megalodon('Status', 'POST', /^\/api\/v1\/statuses$/, 'MegalodonStatus'),
      megalodon('CredentialAccount', 'GET', /verify_credentials$/, 'MegalodonAccount'),
      megalodon('MediaAttachment', 'POST', /^\/api\/v2\/media$/, 'MegalodonMedia'),
      megalodon('Instance v1', 'GET', /^\/api\/v1\/instance$/, 'MegalodonInstance'),
      megalodon('Token', 'POST', /^\/oauth\/token$/, 'MegalodonToken'),
      x('post', 'POST', /^\/2\/tweets$/, 'XPosted'),
      x('lookup', 'GET', /^\/2\/tweets\/\d+/, 'XTweet'),
      x('timeline', 'GET', /^\/2\/users\/\d+\/tweets/, 'XTimeline'),
      x('account', 'GET', /^\/2\/users\/me/, 'XUser'),
      x('delete', 'DELETE', /^\/2\/tweets\/\d+$/, 'XDeleted'),
      x('token', 'POST', /^\/2\/oauth2\/token$/, 'XToken'),
      x('upload', 'POST', /^\/2\/media\/upload\/(initialize|\d+\/finalize)$/, 'XUpload'),
      x('upload’s state', 'GET', /^\/2\/media\/upload\?/, 'XUpload'),
    ];
  } finally {
    await rm(types, { force: true });
    await rm(config, { force: true });
  }
}

const isKnownContradiction = (type: string, path: string) =>
  contradictions.some(([known]) => known.test(`${type} ${path}`));

/** Converts keys to camel case, as masto does. */
function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    camelCased(inner),
  ]);
  return Object.fromEntries(entries);
}

async function lexiconKinds(): Promise<Kind[]> {
  const { schemas } = await load('@atproto/api');
  const { Lexicons, jsonToLex } = await load('@atproto/lexicon');
  const known = new Lexicons(schemas);
  const output = (method: string, name: string): Kind => ({
    name: `Bluesky ${name}`,
    platform: 'bluesky',
    method,
    path: new RegExp(`^/xrpc/${name.replaceAll('.', '\\.')}(\\?|$)`),
    by: 'its lexicon',
    validate: (body) => known.assertValidXrpcOutput(name, jsonToLex(body)),
  });
  return [
    output('POST', 'com.atproto.server.createSession'),
    output('POST', 'com.atproto.server.refreshSession'),
    output('GET', 'com.atproto.server.getSession'),
    output('GET', 'com.atproto.identity.resolveHandle'),
    output('POST', 'com.atproto.repo.uploadBlob'),
    output('POST', 'com.atproto.repo.createRecord'),
    output('POST', 'com.atproto.repo.putRecord'),
    output('GET', 'com.atproto.repo.getRecord'),
    output('GET', 'com.atproto.repo.listRecords'),
  ];
}

function withoutWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWords);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, inner]) => key !== 'description' || typeof inner !== 'string',
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutWords(inner)]));
}

/** A kind for LinkedIn, which publishes no types: the fields that its documents name. */
const documented = (name: string, method: string, path: RegExp, fields: Record<string, string>): Kind => ({
  ...{ name: `LinkedIn ${name}`, platform: 'linkedin', method, path, by: 'its documents' },
  validate(body) {
    for (const [field, type] of Object.entries(fields)) {
      const value = field
        .split('.')
        .reduce<unknown>((object, key) => (object as Record<string, unknown> | undefined)?.[key], body);
      assert.equal(typeof value, type, field);
    }
  },
});
const documentedKinds: Kind[] = [
  documented('token', 'POST', /^\/oauth\/v2\/accessToken$/, {
    ...{ access_token: 'string', expires_in: 'number', scope: 'string', token_type: 'string' },
    id_token: 'string',
  }),
  documented('userinfo', 'GET', /^\/v2\/userinfo$/, {
    ...{ sub: 'string', name: 'string', given_name: 'string', family_name: 'string' },
    email: 'string',
  }),
  documented('initializeUpload', 'POST', /^\/rest\/images/, {
    ...{ 'value.uploadUrl': 'string', 'value.uploadUrlExpiresAt': 'number', 'value.image': 'string' },
  }),
  documented('finder', 'GET', /^\/rest\/posts\?/, {
    ...{ 'paging.start': 'number', 'paging.count': 'number', 'elements.length': 'number' },
    ...{ 'elements.0.id': 'string', 'elements.0.author': 'string', 'elements.0.commentary': 'string' },
  }),
];
