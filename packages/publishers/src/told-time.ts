// What others say about times, in headers and fields: whatever was sent, a date within bounds comes of it, or nothing.

const DAY_MS = 24 * 3_600_000;
/** X's longest window is a day, LinkedIn's and Meta's too; a month is what credit is sold by. */
const LONGEST_PAUSE_MS = 31 * DAY_MS;
/** A reset that lies behind us says only that the clocks differ. */
const SHORTEST_PAUSE_MS = 5_000;
/** Platforms that name no time are asked again after this. */
const USUAL_PAUSE_MS = 60_000;
/** No token lives longer; whoever says more means "without an end". */
const LONGEST_LIFE_MS = 10 * 365 * DAY_MS;

/**
 * Until when to wait after a refusal for asking too often: the latest of what the platform's own headers and `Retry-After`
 * (RFC 9110, 10.2.3: seconds or a date) say, five seconds at least. Where they say nothing that can be meant, a minute.
 * @param told the values of the platform's own headers; null for one that is not there
 */
export function pauseUntil(headers: Headers, now: Date, ...told: (string | null)[]): Date {
  const times = [...told, headers.get('retry-after')]
    .map((value) => readTime(value, now))
    .filter((time) => time !== undefined && time <= now.getTime() + LONGEST_PAUSE_MS) as number[];
  if (times.length === 0) return new Date(now.getTime() + USUAL_PAUSE_MS);
  return new Date(Math.max(...times, now.getTime() + SHORTEST_PAUSE_MS));
}

/**
 * When something that lives this long ends, as RFC 3339; undefined where the number cannot be meant.
 * @param seconds of another server's, of any type
 */
export function endOfLife(now: Date, seconds: unknown): string | undefined {
  const lifeMs = (typeof seconds === 'string' ? Number(seconds.trim() || Number.NaN) : seconds) as number;
  if (!Number.isFinite(lifeMs) || lifeMs <= 0) return undefined;
  return new Date(now.getTime() + Math.min(lifeMs * 1_000, LONGEST_LIFE_MS)).toISOString();
}

/** What a number of seconds since 1970 reaches in 2001: a smaller one is a number of seconds from now. */
const SMALLEST_EPOCH_SECONDS = 1e9;
/** Epochs are told in seconds, milliseconds, microseconds; each is a thousand times as large as the one before. */
const LARGEST_EPOCH_SECONDS = 1e11;

/** In milliseconds since 1970, in whatever form it was told. Undefined: in none. */
function readTime(told: string | null, now: Date): number | undefined {
  const text = told?.trim() ?? '';
  if (/^\d{4}-\d\d-\d\d[T ].*(Z|[+-]\d\d:?\d\d)$/i.test(text) || /^[A-Z][a-z]{2}, .* GMT$/.test(text)) {
    const time = Date.parse(text);
    return Number.isFinite(time) ? time : undefined;
  }
  if (!/^\d{1,20}(\.\d{1,20})?$/.test(text)) return undefined;
  let seconds = Number(text);
  if (seconds < SMALLEST_EPOCH_SECONDS) return now.getTime() + seconds * 1_000;
  while (seconds >= LARGEST_EPOCH_SECONDS) seconds /= 1_000;
  return seconds * 1_000;
}
