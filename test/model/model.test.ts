import { expect, it } from '@jest/globals';
import { runProgram } from '../support/program.ts';

// Runs in its own process: in Jest's sandbox the explorer takes seven times as long. README.md says what is modelled.
it('with every protection on, no delivery is lost, doubled or misreported; with any one off, a delivery is', async () => {
  const { code, output } = await runProgram('test/model/main.mjs');
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
}, 600_000);
