import type { Settings } from '../../packages/publishers/src/draft.ts';

interface Choice {
  settings: Settings;
  allowed: boolean;
  /** True where the server is less strict than we are. */
  allowedThere?: boolean;
}

const LANGUAGES = [
  'en',
  'pt-BR',
  'zh-Hant-TW',
  'sl-rozaj-biske-1994',
  'de-CH-1996',
  'es-419',
  'en-x-solo',
  'EN-us',
  'cmn',
];
const NO_LANGUAGES = [
  '',
  'English language',
  'pt_BR',
  'e',
  'de-',
  '-de',
  'de--CH',
  'deutschland-de',
  'de ',
  'zh-yue-x',
];
const ADDRESSES = [
  'https://example.com',
  'HTTP://example.com/a',
  'https://münchen.example/ö?ü#ä',
  'http://[::1]:1/a',
  'https://a.example:8443/%20',
];
const NO_ADDRESSES = ['example.com', 'https://', 'https:///a', 'https://a b'];
/** Not web addresses, but the server does not check that. */
const NO_WEB_ADDRESSES = ['ftp://a.example', 'javascript:alert(1)', 'http://[::1'];

const cardTo = (url: string) => ({ linkCard: { url, title: 'A page', description: '' } });

/** Settings that are allowed or refused, by our rules and by the server's. */
export const settingsAtTheLimits: Choice[] = [
  ...LANGUAGES.map((tag) => ({ settings: { languages: [tag] }, allowed: true })),
  ...NO_LANGUAGES.map((tag) => ({ settings: { languages: [tag] }, allowed: false })),
  ...ADDRESSES.map((url) => ({ settings: cardTo(url), allowed: true })),
  ...NO_ADDRESSES.map((url) => ({ settings: cardTo(url), allowed: false })),
  ...NO_WEB_ADDRESSES.map((url) => ({ settings: cardTo(url), allowed: false, allowedThere: true })),
  { settings: { languages: ['en', 'de', 'fr'] }, allowed: true },
  { settings: { contentLabels: ['sexual', 'nudity', 'porn', 'graphic-media'] }, allowed: true },
  {
    settings: {
      linkCard: { url: 'https://a.example', title: 'ä'.repeat(300), description: '👍'.repeat(500) },
    },
    allowed: true,
  },
];
