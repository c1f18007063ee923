/** Runs a case. A failure is printed, and the next case still runs. */
export type Check<Account> = (title: string, run: (account: Account) => Promise<void>) => Promise<void>;

/** Each case has its own account, so that the account's list shows only the posts of the case. */
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
  /** Prints how many passed, and exits, because the server may leave handles open. */
  function finish(): never {
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    process.exit(failed === 0 ? 0 : 1);
  }
  return { check, finish };
}
