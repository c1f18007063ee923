// Floor 0: what is true of any program. Errors, environment, logger, clock, sealing of secrets.
export { DeadlineError, sleep, systemClock, withDeadline, type Clock } from './clock.ts';
export { ConfigError, readEnv, type SettingProblems } from './env.ts';
export { AppError, assertNever, escapePointer, messageOf, type FieldError } from './errors.ts';
export { parseInstant, type NoInstant } from './instant.ts';
export { explainListenError } from './listen-error.ts';
export { parseUrl } from './parse-url.ts';
export { isReadableFile } from './readable-file.ts';
export { createLogger, type Logger } from './logger.ts';
export { startWatchdog, type Watchdog } from './watchdog.ts';
export { parseKeyring, seal, SealError, unseal, type Keyring } from './sealing.ts';
export { sha256 } from './sha256.ts';
export { characterAt, findUnkeepable, sayWhere, type TextPart } from './text-part.ts';
export { VERSION } from './version.ts';
export { hasVisibleText } from './visible-text.ts';
