import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';
import type { App } from './types.ts';

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 190 40" width="190" height="40" role="img" aria-label="SoloSpark">
<path d="M20 3l3.6 11.4L35 18l-11.4 3.6L20 33l-3.6-11.4L5 18l11.4-3.6z" fill="#ffb020"/>
<text x="44" y="27" font-family="system-ui,sans-serif" font-size="23" font-weight="600" fill="#fff">SoloSpark</text></svg>`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1b1f24"/>
<path d="M16 4l2.9 9.1L28 16l-9.1 2.9L16 28l-2.9-9.1L4 16l9.1-2.9z" fill="#ffb020"/></svg>`;

/** Hides the field for the address of another document, and keeps wide tables from widening the page on a phone. */
const STYLE = `
.swagger-ui .topbar .download-url-wrapper { display: none; }
.swagger-ui .opblock .opblock-summary-path { word-break: break-word; }
.swagger-ui .info .markdown code { padding: 0 4px; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 12px; }
  .swagger-ui .info { margin: 24px 0; }
  .swagger-ui .opblock .opblock-summary-description { display: none; }
  .swagger-ui table.parameters, .swagger-ui .responses-table { display: block; overflow-x: auto; }
}`;

/** Allows only the page's own files, because people type an API key into this page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The Swagger UI page at /docs, where every route can be called. */
export const docsPlugin = fp(async (app: App) => {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: POLICY,
    logo: { type: 'image/svg+xml', content: LOGO, href: '/docs', target: '_self' },
    theme: {
      title: 'SoloSpark API',
      favicon: [{ filename: 'icon.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: ICON }],
      css: [{ filename: 'solospark.css', content: STYLE }],
    },
    uiConfig: {
      tryItOutEnabled: true,
      displayRequestDuration: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
    },
  });
});
