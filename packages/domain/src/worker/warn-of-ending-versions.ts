import { apiVersionVariable, describeApiVersion } from '../channel/api-version.ts';
import type { Context } from '../context.ts';

/** Logs which versions of the platforms' APIs end soon, before posts fail because of it. */
export function warnOfEndingVersions(ctx: Context, platforms: readonly string[]): void {
  for (const platform of platforms) {
    const publisher = ctx.findPublisher(platform);
    const state = publisher && describeApiVersion(ctx, publisher);
    if (!state?.endsSoon) continue;
    ctx.log.warn(
      {
        platform,
        version: state.version,
        endsAt: state.endsAt,
        todo: `update SoloSpark, or set ${apiVersionVariable(platform)} to a newer version`,
      },
      'the version of an API ends soon',
    );
  }
}
