import { describe } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { findProgram } from './program.ts';

const program = findProgram('chromium', 'chromium-browser', 'google-chrome');

/** A suite in a real browser. Without an installed Chromium, each of its tests is reported as skipped. */
export const describeWithChromium = program ? describe : describe.skip;

export type { Page };

export interface Chromium {
  browser: BrowserContext;
  close: () => Promise<void>;
}

/** Opens Chromium with an empty profile: no cookies, no history. */
export async function openChromium(): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), 'solospark-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    ...(program && { executablePath: program }),
    // As root, Chromium does not start with its sandbox on.
    chromiumSandbox: process.getuid?.() !== 0,
    // No requests to Google in the background.
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
