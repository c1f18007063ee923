import { EventEmitter } from 'node:events';

const hardened = Symbol('solospark.unheardErrors');

/**
 * Ignores 'error' events of pg clients that have no listener, which would end the process. BullMQ has no listener on a
 * client that is in use in its pool, nor on its LISTEN client right after it has connected (the server's error can come in
 * the same packet) and while it is closed. Nothing is lost, since every query also rejects. BullMQ creates its clients
 * itself, so their prototype is patched, through the first client that is seen.
 */
export function ignoreUnheardErrors(client: EventEmitter): void {
  const prototype = Object.getPrototypeOf(client) as EventEmitter & { [hardened]?: true };
  if (prototype[hardened]) return;
  prototype[hardened] = true;
  prototype.emit = function (this: EventEmitter, event: string | symbol, ...args: unknown[]) {
    return event === 'error' && this.listenerCount('error') === 0
      ? false
      : EventEmitter.prototype.emit.call(this, event, ...args);
  };
}
