import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ASIDE = '.aside';

/** Makes the media folder hang like a dead network mount: each file is replaced by a FIFO without a writer. */
export function mediaStore(directory: string) {
  const files = () =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
  return {
    hang(): void {
      for (const file of files()) {
        if (file.endsWith(ASIDE) || existsSync(file + ASIDE)) continue;
        renameSync(file, file + ASIDE);
        execFileSync('mkfifo', [file]);
      }
    },
    /** Reads that have begun keep hanging, as they do on a mount. */
    comeBack(): void {
      for (const file of files().filter((each) => each.endsWith(ASIDE))) {
        const original = file.slice(0, -ASIDE.length);
        rmSync(original, { force: true });
        renameSync(file, original);
      }
    },
  };
}
