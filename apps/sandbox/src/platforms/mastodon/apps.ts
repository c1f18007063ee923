import { parseUrl } from '@solospark/foundation';
import { numberFromName, tokenFromName, visitor } from '../accounts.ts';
import { seal, unseal } from '../oauth/tokens.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { listOf, parametersOf, textOf } from './parameters.ts';
import { unprocessable, validationFailed } from './refusals.ts';
import { knownScopes } from './scopes.ts';

/** A registered app. Its client id contains the whole registration, so that it survives a restart. */
export interface RegisteredApp {
  platform: 'mastodon';
  kind: 'app';
  name: string;
  website: string | null;
  redirectUris: string[];
  scopes: string[];
}

const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';

export const readApp = (clientId: string): RegisteredApp | undefined => {
  const app = unseal(clientId);
  return app?.kind === 'app' && app.platform === 'mastodon' ? (app as RegisteredApp) : undefined;
};
export const secretOf = (clientId: string) => tokenFromName(`mastodon secret ${clientId}`, 43);

/** Registers an app. Needs no token, and any number of apps is allowed. */
export const appEndpoint: Endpoint = {
  method: 'POST',
  url: '/api/v1/apps',
  step: 'token',
  handleOf: () => visitor,
  answer: register,
};

function register({ request }: Call): Answer {
  const parameters = parametersOf(request);
  const name = textOf(parameters, 'client_name').trim();
  if (name === '') return validationFailed("Application name can't be blank");
  const listed = listOf(parameters, 'redirect_uris');
  const redirectUris = listed.length > 0 ? listed : wordsOf(textOf(parameters, 'redirect_uris'));
  if (redirectUris.length === 0) return validationFailed("Redirect URI can't be blank");
  if (redirectUris.includes(outOfBand)) {
    return unprocessable(`redirect_uris: this sandbox does not play ${outOfBand}`);
  }
  if (!redirectUris.every((uri) => /^https?:\/\/./i.test(uri) && parseUrl(uri))) {
    return validationFailed('Redirect URI must be an absolute URI.');
  }
  const scopes = wordsOf(textOf(parameters, 'scopes') || 'read');
  if (!scopes.every((scope) => knownScopes.includes(scope))) {
    return validationFailed("Scopes doesn't match configured on the server.");
  }
  const website = textOf(parameters, 'website') || null;
  const app: RegisteredApp = { platform: 'mastodon', kind: 'app', name, website, redirectUris, scopes };
  const clientId = seal(app);
  return {
    status: 200,
    body: {
      id: numberFromName(clientId, 8),
      name,
      website,
      scopes,
      redirect_uri: redirectUris.join('\n'),
      redirect_uris: redirectUris,
      client_id: clientId,
      client_secret: secretOf(clientId),
      client_secret_expires_at: 0,
      // Deprecated, but Mastodon still sends it.
      vapid_key: '',
    },
  };
}

const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== '');
