import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';
import type { App } from './types.ts';

/** The document at /openapi.json and the page at /docs, both made from the routes' schemas. */
export const openapiPlugin = fp(async (app: App) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'SoloSpark',
        version: '0.1.0',
        description: 'Schedules posts and publishes each exactly once, at its time.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } },
      },
      security: [{ apiKey: [] }],
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) =>
        typeof schema.$id === 'string' ? schema.$id : `def-${index}`,
    },
    transform: ({ schema, url, route }) => {
      const form = route.config?.documentedForm;
      return form
        ? { schema: { ...schema, consumes: ['multipart/form-data'], body: form }, url }
        : { schema, url };
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
});
