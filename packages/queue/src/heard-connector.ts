import type { StandaloneConnectionOptions } from 'ioredis';
import { StandaloneConnector } from 'ioredis/built/connectors/index.js';

/**
 * Ignores further errors of a socket: ioredis listens to the first one only. A connection that is closed during its TLS handshake,
 * as when a worker stops, may fail twice (its own end, then an alert of the server), and an 'error' event without a listener ends
 * the process.
 */
export class HeardConnector extends StandaloneConnector {
  constructor(options: unknown) {
    super(options as StandaloneConnectionOptions);
  }

  override async connect(...args: Parameters<StandaloneConnector['connect']>) {
    const stream = await super.connect(...args);
    stream.on('error', () => undefined);
    return stream;
  }
}
