import { describe, expect, it } from '@jest/globals';
import { explore } from './explore.ts';
import { boundsOf } from './run.ts';
import { cleanWorlds, secondLines, switches, worldFor } from './switches.ts';
import { worldOf } from './world.ts';

// `npm run model` prints the same as a table; README.md says what is modelled.

describe('with everything on, no delivery is lost, doubled or misreported', () => {
  const worlds = cleanWorlds({ full: false }).map((world) => ({
    platform: world.platform,
    bounds: boundsOf(world) || 'pauses only',
    world,
  }));

  it.each(worlds)('$platform: $bounds', ({ world }) => {
    const { exhausted, violation } = explore(world);
    expect({ exhausted, violation }).toEqual({ exhausted: true, violation: undefined });
  });
});

describe('each of them is needed', () => {
  it.each(switches)('without $name: $finds', (off) => {
    const { violation } = explore(worldFor(off));
    expect(violation?.what).toContain(off.finds);
    // A person can follow how it comes to that, from the post's time on.
    expect(violation?.trace.length).toBeGreaterThan(3);
  });

  it.each(secondLines)('within the assumptions nothing depends on %s alone', (name) => {
    const { violation } = explore(worldOf({ off: [name] }));
    expect(violation).toBeUndefined();
  });
});
