// Floor 3: from the environment to a context, which every process needs before it can call a use case.
export { checkSettings } from './check-settings.ts';
export { openContext, type OpenedContext } from './open-context.ts';
export { refuseUnusable } from './refuse-unusable.ts';
export { contextEnv, publishingEnv } from './variables.ts';
export { warnAboutConnections } from './warn-about-connections.ts';
export { warnAboutPublicUrl } from './warn-about-public-url.ts';
