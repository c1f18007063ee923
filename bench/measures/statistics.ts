/** The smallest value that `share` of them do not exceed. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** `142 (120..180)`: the median and the range of several runs. */
export function show(values: number[], digits = 0): string {
  const format = (value: number) => (value === Number.POSITIVE_INFINITY ? 'never' : value.toFixed(digits));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) return '';
  if (least === most) return format(least);
  return `${format(median(values))} (${format(least)}..${format(most)})`;
}

/** The ratios of our runs to the baseline's, run by run. */
export function ratios(ours: number[], baseline: number[]): number[] {
  return ours.slice(0, baseline.length).map((value, run) => value / (baseline[run] ?? Number.NaN));
}
