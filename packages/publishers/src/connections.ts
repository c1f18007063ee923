import type { Socket } from 'node:net';
import { Agent, buildConnector, getGlobalDispatcher, type Dispatcher } from 'undici';

/** Limits the names and values of an answer's headers. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Limits the bytes that a connection receives after a request. It counts every byte, so it also stops an endless status line.
 * Four times the largest answer, because chunked encoding adds bytes.
 */
const MAX_BYTES_AFTER_A_REQUEST = 32 * 1024 * 1024;

/** A pool of HTTP/1.1 connections with these limits. */
export function openConnections(options: buildConnector.BuildOptions = {}): Agent {
  const connect = buildConnector({ ...options, allowH2: false });
  return new Agent({
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: (to, callback) =>
      connect(to, (...connected) => {
        if (connected[1]) limitBytes(connected[1]);
        callback(...connected);
      }),
  });
}

const connections = openConnections();
const installedBefore = getGlobalDispatcher();

/** Connects to any address. Uses the process's global dispatcher if one was installed, such as a proxy. */
export function anyHost(): Dispatcher {
  const installed = getGlobalDispatcher();
  return installed === installedBefore ? connections : installed;
}

/** The answer is longer than the limit. */
export class TooLongError extends Error {
  constructor(maxBytes: number) {
    super(`the answer is longer than ${maxBytes} bytes`);
    this.name = 'TooLongError';
  }
}

function limitBytes(socket: Socket): void {
  let written = socket.bytesWritten;
  let readBefore = socket.bytesRead;
  let read = socket.bytesRead;
  socket.on('readable', () => {
    // A new request was written since the last bytes came.
    if (socket.bytesWritten !== written) readBefore = read;
    written = socket.bytesWritten;
    read = socket.bytesRead;
    if (read - readBefore > MAX_BYTES_AFTER_A_REQUEST) {
      socket.destroy(new TooLongError(MAX_BYTES_AFTER_A_REQUEST));
    }
  });
}
