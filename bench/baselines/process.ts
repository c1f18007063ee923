import { findBaseline } from './all.ts';
import type { BaselineEnv } from './baseline.ts';
import { openThreeSteps } from './three-steps.ts';

// A baseline's worker process: `process.ts <name> <environment as JSON>`.

const [name, json = ''] = process.argv.slice(2);
const env = JSON.parse(json) as BaselineEnv;
const steps = openThreeSteps(env);
const stop = await findBaseline(name).work(env, steps);

process.once('SIGTERM', () => {
  void stop()
    .then(() => steps.close())
    .then(() => process.exit(0));
});
// Any message asks how many posts are being published here.
process.on('message', () => process.send?.({ running: steps.running() }));
process.send?.('ready');
