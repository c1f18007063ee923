// @ts-check
// `npm start`: runs everything that SoloSpark needs, on a machine with only Node and npm. Ctrl-C stops it.
import { build } from './lib/build.mjs';
import { aborted, runCommand } from './lib/command.mjs';
import { homeOf, readSettings } from './lib/home.mjs';
import { ensureInstalled, useInstallation } from './lib/install.mjs';
import { bold, dim, green, say } from './lib/report.mjs';
import { startSheet } from './lib/start-sheet.mjs';

await runCommand(async ({ signal, onClose }) => {
  const started = performance.now();
  await ensureInstalled();
  useInstallation();
  await build();
  if (signal.aborted) return 130;

  const settings = readSettings();
  const { startStack } = await import('./lib/stack.mjs');
  const stack = await startStack({ settings, signal });
  onClose(async () => {
    say(dim('· Stopping …'));
    await stack.stop();
    say(dim('· Stopped.'));
  });
  const seconds = (performance.now() - started) / 1000;
  say(startSheet(stack.facts(), { home: homeOf(settings), seconds, paint: { bold, dim, green } }));
  await aborted(signal);
  return 0;
});
