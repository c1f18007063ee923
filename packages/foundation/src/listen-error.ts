import { ConfigError } from './env.ts';

/** Turns a listen error that the operator can fix into a ConfigError; returns any other error unchanged. */
export function explainListenError(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const { code } = error as { code?: unknown };
  switch (code) {
    case 'EADDRINUSE':
      return new ConfigError([
        `PORT: another program listens on port ${port} of ${host}; choose another one`,
      ]);
    case 'EACCES':
      return new ConfigError([`PORT: this user may not listen on port ${port}; choose one from 1024 on`]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new ConfigError([`HOST: "${host}" is no address of this machine, such as 127.0.0.1 or 0.0.0.0`]);
    default:
      return error;
  }
}
