import type { ApiVersion } from '../publisher.ts';

/** A version is named for its month (YYYYMM) and lives for twelve months at least, then answers 426: to be raised in time. */
export const apiVersion: ApiVersion = {
  default: '202609',
  rule: 'must be the year and the month of a version, such as 202609',
  endsAt(version) {
    const [, year, month] = /^(20\d{2})(0[1-9]|1[0-2])$/.exec(version) ?? [];
    return year === undefined ? null : new Date(Date.UTC(Number(year) + 1, Number(month) - 1, 1));
  },
};
