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

/** One question a quarter of an hour is no burden: a server that is back before it said so is found. */
const LONGEST_ABSENCE_MS = 15 * 60_000;

/**
 * Until when to wait after a refusal for asking too often: the latest of what the platform's own headers and `Retry-After`
 * (RFC 9110, 10.2.3: seconds or a date) say, five seconds at least. Where they say nothing that can be meant, a minute.
 * @param told the values of the platform's own headers; null for one that is not there
 */
export function pauseUntil(headers: Headers, now: Date, ...told: (string | null)[]): Date {
  const latest = latestOf([...told, headers.get('retry-after')], now);
  if (latest === undefined) return new Date(now.getTime() + USUAL_PAUSE_MS);
  return new Date(Math.max(latest, now.getTime() + SHORTEST_PAUSE_MS));
}

/**
 * Until when a server that does not answer as it should says to be away (`Retry-After`): for a minute at least, since the next
 * try comes by itself before that, and not for longer than it is worth to ask whether it is back.
 */
export function absentUntil(headers: Headers, now: Date): Date | undefined {
  const latest = latestOf([headers.get('retry-after')], now);
  if (latest === undefined || latest < now.getTime() + USUAL_PAUSE_MS) return undefined;
  return new Date(Math.min(latest, now.getTime() + LONGEST_ABSENCE_MS));
}

function latestOf(told: (string | null)[], now: Date): number | undefined {
  const times = told
    .flatMap((value) => valuesOf(value))
    .map((value) => readTime(value, now))
    .filter((time) => time !== undefined && time <= now.getTime() + LONGEST_PAUSE_MS) as number[];
  return times.length === 0 ? undefined : Math.max(...times);
}

/** A header that is sent twice, by a server and by what stands before it, comes as a list. A date has a comma of its own. */
export function valuesOf(header: string | null): string[] {
  return header === null
    ? []
    : header.split(/(?<!day|sun|mon|tue|wed|thu|fri|sat),/i).map((value) => value.trim());
}

/**
 * When something that lives this long ends, as RFC 3339; undefined where the number cannot be meant.
 * @param seconds of another server's, of any type
 */
export function endOfLife(now: Date, seconds: unknown): string | undefined {
  const lifeMs =
    typeof seconds === 'string' ? numberOf(seconds) : typeof seconds === 'number' ? seconds : Number.NaN;
  if (!Number.isFinite(lifeMs) || lifeMs <= 0) return undefined;
  return new Date(now.getTime() + Math.min(lifeMs * 1_000, LONGEST_LIFE_MS)).toISOString();
}

/** NaN for whatever is not a plain decimal number: no list, no hexadecimal, no unit. */
function numberOf(told: string): number {
  return /^\d{1,20}(\.\d{1,20})?$/.test(told.trim()) ? Number(told) : Number.NaN;
}

/** What a number of seconds since 1970 reaches in 2001: a smaller one is a number of seconds from now. */
const SMALLEST_EPOCH_SECONDS = 1e9;
/** Epochs are told in seconds, milliseconds, microseconds; each is a thousand times as large as the one before. */
const LARGEST_EPOCH_SECONDS = 1e11;

/** RFC 3339, and how other languages write the same. Without an offset nobody knows what is meant. */
const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|UTC|GMT)| ?[+-]\d\d:?\d\d( UTC)?)$/i;
/** The three dates of HTTP (RFC 9110, 5.6.7), the last of which names no zone and means UTC; and those of mail, with an offset. */
const HTTP_DATE =
  /^(sun|mon|tue|wed|thu|fri|sat)[a-z]*,? ([a-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}|\d\d?[ -][a-z]{3}[ -]\d{2,4} \d\d:\d\d:\d\d( (GMT|UTC|Z|[+-]\d{4}))?)$/i;

/** In milliseconds since 1970, in whatever form it was told. Undefined: in none. */
function readTime(text: string, now: Date): number | undefined {
  if (INSTANT.test(text) || HTTP_DATE.test(text)) {
    const hasZone = /(GMT|UTC|Z|[+-]\d\d:?\d\d)$/i.test(text);
    const time = Date.parse(hasZone ? text : `${text} GMT`);
    return Number.isFinite(time) ? time : undefined;
  }
  let seconds = numberOf(text);
  if (Number.isNaN(seconds)) return undefined;
  if (seconds < SMALLEST_EPOCH_SECONDS) return now.getTime() + seconds * 1_000;
  while (seconds >= LARGEST_EPOCH_SECONDS) seconds /= 1_000;
  return seconds * 1_000;
}
