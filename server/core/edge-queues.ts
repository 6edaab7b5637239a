// The last reports of edges about their queues: how many events still wait on their machines. It is a hint for people, so it is in memory, of the
// node that the edge speaks to.

/** Edges of which the hub remembers the queue; the oldest is dropped first. */
const mostEdges = 10_000;

export interface EdgeQueue {
  readonly waiting: number;
  /** Milliseconds since 1970: when the edge said so. */
  readonly at: number;
}

export class EdgeQueues {
  readonly #queues = new Map<string, EdgeQueue>();

  /** @param token the id of the edge's token */
  note(token: string, queue: EdgeQueue): void {
    this.#queues.delete(token);
    this.#queues.set(token, queue);
    const oldest = this.#queues.keys().next().value;
    if (this.#queues.size > mostEdges && oldest !== undefined) this.#queues.delete(oldest);
  }

  of(token: string): EdgeQueue | undefined {
    return this.#queues.get(token);
  }
}
