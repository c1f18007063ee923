// A minimal browser for consent pages: it keeps cookies, sends forms and follows redirects.

export interface Page {
  status: number;
  url: string;
  headers: Headers;
  text: string;
}

export interface Browser {
  open(url: string): Promise<Page>;
  /** Sends the page's form with its own values, overwritten by `typed`. `cancel` presses the last button, which refuses. */
  submit(
    page: Page,
    fields: { handle?: string; cancel?: true; typed?: Record<string, string> },
    options?: { follow: boolean },
  ): Promise<Page>;
}

export function openBrowser(): Browser {
  const cookies = new Map<string, string>();

  async function go(url: string, init: RequestInit, follow: boolean): Promise<Page> {
    const { origin } = new URL(url);
    const headers = new Headers(init.headers);
    const kept = [...cookies].filter(([name]) => name.startsWith(`${origin} `));
    if (kept.length > 0) {
      headers.set('cookie', kept.map(([name, value]) => `${name.split(' ')[1]}=${value}`).join('; '));
    }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const [name = '', ...value] = pair.split('=');
      cookies.set(`${origin} ${name}`, value.join('='));
    }
    const location = response.headers.get('location');
    if (location !== null && follow) return go(new URL(location, url).href, {}, true);
    return { status: response.status, url, headers: response.headers, text: await response.text() };
  }

  return {
    open: (url) => go(url, {}, true),
    submit(page, { handle, cancel, typed = {} }, { follow } = { follow: true }) {
      const form = /<form[^>]*>/.exec(page.text)?.[0];
      if (form === undefined) throw new Error(`no form on the page: ${page.text}`);
      const action = /action="([^"]*)"/.exec(form)?.[1];
      const body = new URLSearchParams();
      for (const [input] of page.text.matchAll(/<input[^>]*>/g)) {
        const name = /name="([^"]*)"/.exec(input)?.[1];
        if (name !== undefined) body.set(name, decode(/value="([^"]*)"/.exec(input)?.[1] ?? ''));
      }
      const buttons = [...page.text.matchAll(/<button[^>]*name="([^"]*)"[^>]*value="([^"]*)"[^>]*>/g)];
      const pressed = cancel ? buttons.at(-1) : buttons[0];
      if (pressed?.[1] !== undefined) body.set(pressed[1], decode(pressed[2] ?? ''));
      if (handle !== undefined) body.set('handle', handle);
      for (const [name, value] of Object.entries(typed)) body.set(name, value);
      const target = new URL(decode(action ?? ''), page.url).href;
      return go(target, { method: 'POST', body, headers: senderOf(page, target) }, follow);
    },
  };
}

/** The headers that name the page a form is sent from. Only that page's Referrer-Policy can hide the origin. */
function senderOf(page: Page, target: string): Record<string, string> {
  const { origin } = new URL(page.url);
  const isSame = origin === new URL(target).origin;
  const policy = page.headers.get('referrer-policy');
  const isHidden = policy === 'no-referrer' || (policy === 'same-origin' && !isSame);
  return { origin: isHidden ? 'null' : origin, 'sec-fetch-site': isSame ? 'same-origin' : 'cross-site' };
}

function decode(html: string): string {
  return html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
