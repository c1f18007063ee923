import { sleep } from '@solospark/foundation';
import { apiVersionVariable, describeApiVersion } from '../channel/api-version.ts';
import type { Context } from '../context.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Says now and once a day which versions of the platforms' APIs end soon, so that nobody hears of it from failed posts. */
export function watchApiVersions(ctx: Context, platforms: readonly string[]): { stop(): void } {
  const stopping = new AbortController();
  async function forEver(): Promise<void> {
    while (!stopping.signal.aborted) {
      warnOfEnds(ctx, platforms);
      await sleep(DAY_MS, stopping.signal);
    }
  }
  void forEver();
  return { stop: () => stopping.abort() };
}

function warnOfEnds(ctx: Context, platforms: readonly string[]): void {
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
