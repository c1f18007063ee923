import { bluesky } from './bluesky/bluesky.ts';
import { instagram } from './instagram/instagram.ts';
import { linkedin } from './linkedin/linkedin.ts';
import { mastodon } from './mastodon/mastodon.ts';
import type { SandboxPlatform } from './platform.ts';
import { x } from './x/x.ts';

/** To add a platform, add a folder and a line here. */
export const platforms: readonly SandboxPlatform[] = [x, instagram, linkedin, bluesky, mastodon];
