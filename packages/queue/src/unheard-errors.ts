import { EventEmitter } from 'node:events';

const hardened = Symbol('solospark.unheardErrors');

/**
 * A pg client that emits 'error' while nobody listens ends the whole process. BullMQ leaves its clients alone at such
 * moments: one in use in its pool, its LISTEN client right after it has connected (the server's farewell can come in the
 * same packet) and while it is closed. Every query rejects all the same, so nothing is lost by not hearing it. BullMQ
 * makes its clients itself, which is why their class is taught, by way of the first one that can be met.
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
