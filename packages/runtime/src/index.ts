// Floor 3: opens the context from the environment. Every process needs it to call a use case.
export { checkSettings } from './check-settings.ts';
export { openContext, type OpenedContext } from './open-context.ts';
export { refuseUnusable } from './refuse-unusable.ts';
export { contextEnv, publishingEnv } from './variables.ts';
export { warnAboutConnections } from './warn-about-connections.ts';
export { warnAboutPublicUrl } from './warn-about-public-url.ts';
