import type { ApiVersion } from '../publisher.ts';

/** A version is a month (YYYYMM). It works for at least twelve months, then answers 426, so it must be raised in time. */
export const apiVersion: ApiVersion = {
  default: '202609',
  rule: 'must be the year and the month of a version, such as 202609',
  endsAt(version) {
    const [, year, month] = /^(20\d{2})(0[1-9]|1[0-2])$/.exec(version) ?? [];
    return year === undefined ? null : new Date(Date.UTC(Number(year) + 1, Number(month) - 1, 1));
  },
};
