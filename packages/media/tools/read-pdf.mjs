#!/usr/bin/env node
// @ts-check
// `read-pdf <file> <most pages>`: prints as JSON how many pages a PDF has and how large the first one is, or why it is refused.
// It is a process of its own, because a hostile file of a few kilobytes can unpack to gigabytes, or keep the library busy for
// ever. A watchdog in a second thread then kills the process.
import { open, readFile, stat } from 'node:fs/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { findActiveContent } from './find-active-content.mjs';

const MOST_CPU_SECONDS = 10;
/** On top of three times the size of the file, which is loaded as a whole. */
const MOST_MEMORY_BYTES = 400_000_000;
const MOST_FILE_BYTES = 100_000_000;
const WATCH_EVERY_MS = 25;

if (isMainThread) {
  const [path = '', maxPages = ''] = process.argv.slice(2);
  const byteSize = Math.min((await stat(path)).size, MOST_FILE_BYTES);
  const mostMemory = MOST_MEMORY_BYTES + 3 * byteSize;
  new Worker(new URL(import.meta.url), { stdout: true, workerData: mostMemory }).unref();
  process.stdout.write(JSON.stringify(await readPdf(path, Number(maxPages))));
} else {
  const mostMemory = Number(workerData);
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    const isOver = user + system > MOST_CPU_SECONDS * 1e6 || process.memoryUsage.rss() > mostMemory;
    if (isOver) process.kill(process.pid, 'SIGKILL');
  }, WATCH_EVERY_MS);
}

/**
 * @param {string} path
 * @param {number} maxPages the pages of a file with more are not read
 */
async function readPdf(path, maxPages) {
  const { getDocument, PDFDataRangeTransport } = await loadLibrary();
  const file = await open(path);
  const { size } = await file.stat();

  /** Reads only the ranges that the library asks for, a small part of a large file: never images or fonts. */
  class FileTransport extends PDFDataRangeTransport {
    /**
     * @override
     * @param {number} begin
     * @param {number} end
     */
    async requestDataRange(begin, end) {
      const chunk = new Uint8Array(end - begin);
      await file.read(chunk, 0, chunk.length, begin);
      this.onDataRange(begin, chunk);
    }
  }

  try {
    const document = await getDocument({
      range: new FileTransport(size, null),
      disableStream: true,
      disableAutoFetch: true,
      stopAtErrors: true,
      disableFontFace: true,
      useSystemFonts: false,
      useWasm: false,
      useWorkerFetch: false,
      verbosity: 0,
    }).promise;
    // A file that needs no password may be encrypted too, to restrict what readers may do with it.
    const { info } = await document.getMetadata();
    if ('EncryptFilterName' in info && info.EncryptFilterName !== null) return { refusal: 'encrypted' };
    const pageCount = document.numPages;
    if (pageCount === 0 || pageCount > maxPages) return { pageCount, width: 0, height: 0 };
    // `numPages` is what the file claims, so every page is loaded.
    for (let number = 2; number <= pageCount; number += 1) (await document.getPage(number)).cleanup();
    const { width, height } = (await document.getPage(1)).getViewport({ scale: 1 });
    const active = await findActiveContent(await readFile(path));
    if (active) return { refusal: 'active', reason: active };
    return { pageCount, width, height };
  } catch (error) {
    // Errors of the disk have a string as code; errors of the library have a number.
    if (!(error instanceof Error) || ('code' in error && typeof error.code === 'string')) throw error;
    const refusal = error.name === 'PasswordException' ? 'encrypted' : 'damaged';
    return { refusal, reason: `${error.name}: ${error.message}` };
  }
}

async function loadLibrary() {
  // The library creates a DOMMatrix when it is loaded, and Node has none. Only drawing would need a real one.
  Object.assign(globalThis, { DOMMatrix: class {} });
  return import('pdfjs-dist/legacy/build/pdf.mjs');
}
