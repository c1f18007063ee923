// @ts-check
// With `node --import` this file, the wall clock of the process is wrong by CHAOS_CLOCK_OFFSET_MS. The monotonic clock is correct.
const offsetMs = Number(process.env.CHAOS_CLOCK_OFFSET_MS ?? 0);
const RealDate = Date;

globalThis.Date = /** @type {DateConstructor} */ (
  class extends RealDate {
    /** @param {any[]} args */
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() + offsetMs);
      // @ts-expect-error the overloads of Date take one to seven arguments
      else super(...args);
    }
    /** @override */
    static now() {
      return RealDate.now() + offsetMs;
    }
  }
);
