import { escapeHtml } from '../../html.ts';
import type { Answer, SandboxPlatform } from '../platform.ts';
import type { Question } from './question.ts';

type Host = Pick<SandboxPlatform, 'name' | 'colour'>;

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
body { margin: 0; background: Canvas; color: CanvasText; }
main { max-width: 30rem; margin: 0 auto; padding: 2rem 1rem; overflow-wrap: anywhere; }
.badge { display: inline-block; margin: 0; border-radius: .375rem; padding: 0 .5rem; color: #fff; font-weight: 600; }
h1 { font-size: 1.5rem; line-height: 1.25; }
label { display: block; font-weight: 600; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; }
[role="alert"] { font-weight: 600; }
button { font: inherit; padding: .5rem 1.25rem; margin: .5rem .5rem 0 0; }
small { display: block; }
`;

/** The form for the account and the decision. `again` says what was wrong with the first answer. */
export function renderConsent(
  host: Host,
  question: Question,
  again?: { handle: string; problem: string },
): Answer {
  const { clientId, app, scopes, redirectUri } = question;
  // Browsers compile the pattern with the `v` flag, which requires the hyphen to be escaped.
  const body = `<h1>Let ${escapeHtml(app.name)} in?</h1>
<p>The app <b>${escapeHtml(clientId)}</b> asks for an account on ${escapeHtml(host.name)}, and to be allowed:</p>
<ul>
${scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join('\n')}
</ul>
<form method="post">
${again ? `<p role="alert" id="problem">${escapeHtml(again.problem)}</p>` : ''}
<label for="handle">Account</label>
<input id="handle" name="handle" value="${escapeHtml(again?.handle ?? 'demo')}" required maxlength="40"
  pattern="[a-z0-9\\-]{1,40}" autocomplete="off" autocapitalize="none" spellcheck="false"
  aria-describedby="help${again ? ' problem' : ''}"${again ? ' aria-invalid="true"' : ''}>
<small id="help">Any name of small letters, digits and hyphens. There is no password: it is a sandbox.</small>
<button name="decision" value="authorize">Authorize</button>
<button name="decision" value="cancel" formnovalidate>Cancel</button>
</form>
<p>Either way you go back to ${escapeHtml(redirectUri)}</p>`;
  return page(host, again ? 400 : 200, body);
}

/** The page for a request whose app or redirect URI is not valid, so that the person cannot be redirected to the app. */
export function renderRefusal(host: Host, problem: string): Answer {
  const body = `<h1>This cannot be asked</h1>
<p role="alert">${escapeHtml(problem)}</p>
<p>The app that sent you here has asked in a wrong way. You are not sent back, since the way back may be wrong as well.</p>`;
  return page(host, 400, body);
}

/**
 * Nothing can be loaded or run. `form-action` allows every address, because browsers also apply it to the redirects after the
 * form, and the app may redirect anywhere.
 */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'";

function page(host: Host, status: number, body: string): Answer {
  const name = escapeHtml(host.name);
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name} in the sandbox: an app asks</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<p class="badge" style="background: ${escapeHtml(host.colour)}">${name} sandbox</p>
${body}
</main>
</body>
</html>
`,
  };
}
