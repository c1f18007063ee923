import { describe } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { findProgram } from './program.ts';

const program = findProgram('chromium', 'chromium-browser', 'google-chrome');

/** A suite in a real browser. Where none is installed, each of its tests is reported as skipped, by name. */
export const describeWithChromium = program ? describe : describe.skip;

export type { Page };

export interface Chromium {
  browser: BrowserContext;
  close: () => Promise<void>;
}

/** A browser of nobody: no cookies, no history. */
export async function openChromium(): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), 'solospark-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    ...(program && { executablePath: program }),
    // It does not start as root with its own sandbox.
    chromiumSandbox: process.getuid?.() !== 0,
    // It asks its maker nothing.
    args: [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
    ],
  });
  return {
    browser,
    async close() {
      await browser.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
