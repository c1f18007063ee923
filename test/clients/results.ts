/** The results of every library, for the table at the end. A failure is printed, and the next action still runs. */
export interface Results {
  run(library: string, action: string, act: () => Promise<unknown>): Promise<void>;
  /** Prints the table and the counts; returns how many failed. */
  print(): number;
}

interface Outcome {
  library: string;
  action: string;
  passed: boolean;
}

export function openResults(): Results {
  const outcomes: Outcome[] = [];
  return {
    async run(library, action, act) {
      let passed = false;
      try {
        await act();
        passed = true;
      } catch (error) {
        process.stdout.write(`✗ ${library}: ${action}\n${describe(error)}\n`);
      }
      outcomes.push({ library, action, passed });
    },
    print() {
      const widest = Math.max(...outcomes.map(({ library }) => library.length));
      let last = '';
      for (const { library, action, passed } of outcomes) {
        const name = library === last ? '' : library;
        process.stdout.write(`${name.padEnd(widest)}  ${passed ? '✓' : '✗'} ${action}\n`);
        last = library;
      }
      const failed = outcomes.filter(({ passed }) => !passed).length;
      process.stdout.write(`\n${outcomes.length - failed} passed, ${failed} failed, 0 skipped\n`);
      return failed;
    },
  };
}

/** The error with the answer, which each library attaches to the error in its own way. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { data, response, cause } = error as Error & {
    data?: unknown;
    response?: { data?: unknown };
  };
  const answer = data ?? response?.data ?? cause;
  return `${error.stack ?? error.message}${answer === undefined ? '' : `\n${show(answer)}`}`;
}

function show(answer: unknown): string {
  try {
    return JSON.stringify(answer);
  } catch {
    return String(answer);
  }
}
