import { PostgresConnection, PostgresQueueBackend } from 'bullmq';
import type { EventEmitter } from 'node:events';

// One pool and one LISTEN for all workers of a process. BullMQ itself makes one pool and one LISTEN for each worker.

export interface SessionClient extends EventEmitter {
  query(sql: string): Promise<unknown>;
}

/** The connections of all workers of this process. The workers do not close it: close it after them. */
export class SharedConnection extends PostgresConnection {
  private known: SessionClient | null = null;

  override async getListenClient() {
    const client = await super.getListenClient();
    const listening = client as unknown as SessionClient;
    if (this.known !== listening) listenOnce((this.known = listening));
    return client;
  }
}

/** Every worker sends the same LISTEN and adds its own listener. Only the first LISTEN goes to the server. */
function listenOnce(client: SessionClient): void {
  const query = client.query.bind(client);
  const asked = new Map<string, Promise<unknown>>();
  client.query = (sql) => {
    const answer = asked.get(sql) ?? query(sql);
    asked.set(sql, answer);
    answer.catch(() => asked.delete(sql));
    return answer;
  };
  client.setMaxListeners(0);
}

/** A worker's backend on the shared connection. BullMQ renews the LISTEN only for a worker that owns its connection. */
export class SharingBackend extends PostgresQueueBackend {
  private readonly shared: SharedConnection;

  constructor(shared: SharedConnection, queue: string, options: object) {
    super(shared, queue, { ...options, connection: {} }, false);
    this.shared = shared;
    shared.setMaxListeners(0);
    shared.on('listenerinvalidated', this.listenAgain);
  }

  /** Ends the wait on a lost client: the next wait sends LISTEN again. */
  private readonly listenAgain = (): void => {
    void this.disconnectBlocking().then(() => this.reconnectBlocking());
  };

  override async close(): Promise<void> {
    this.shared.off('listenerinvalidated', this.listenAgain);
    await super.close();
  }

  override async disconnect(): Promise<void> {
    this.shared.off('listenerinvalidated', this.listenAgain);
    await super.disconnect();
  }
}
