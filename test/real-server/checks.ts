/** Runs a case. A failed one is told, and the next one runs all the same. */
export type Check<Account> = (title: string, run: (account: Account) => Promise<void>) => Promise<void>;

/** Each case has an account of its own, so that its list is the whole story. */
export function openChecks<Account>(createAccount: (name: string) => Promise<Account>) {
  let passed = 0;
  let failed = 0;
  const check: Check<Account> = async (title, run) => {
    try {
      await run(await createAccount(`case${passed + failed}`));
      passed += 1;
      process.stdout.write(`✓ ${title}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(`✗ ${title}\n${error instanceof Error ? error.stack : String(error)}\n`);
    }
  };
  /** Says how many passed, and ends this process: what the server leaves open is its own affair. */
  function finish(): never {
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    process.exit(failed === 0 ? 0 : 1);
  }
  return { check, finish };
}
