import type { Socket } from 'node:net';
import { Agent, buildConnector, getGlobalDispatcher, type Dispatcher } from 'undici';

/** Names and values of one answer's headers. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * What may come on a connection after a request, to the last byte: also what is no header and no body, such as a status line
 * without an end. Four times what any answer may be, as chunks have a frame of their own.
 */
const MAX_BYTES_AFTER_A_REQUEST = 32 * 1024 * 1024;

/** Connections that are kept and used again, over HTTP/1.1, each with its limits. */
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

/** To any address; by way of what was installed for the whole process, such as a proxy. */
export function anyHost(): Dispatcher {
  const installed = getGlobalDispatcher();
  return installed === installedBefore ? connections : installed;
}

/** There is more of the answer than was asked for. */
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
