/**
 * The asynchronous requests that devices have not answered yet: whose they are, and how their outcome is told.
 *
 * Stored, so that a response that comes after a restart still finds its application.
 */
import type { Journal, Table } from "../store/store.ts";

/** One request to a device, on behalf of one or more applications. */
export interface AsyncRequest {
  /** CoAP method code. */
  readonly method: number;
  readonly endpointName: string;
  readonly path: string;
  /** Begins an observation: its failure ends the subscriptions of those who asked. */
  readonly isSubscription: boolean;
  /** Keys that were given the id and wait for an async-response. */
  readonly answerTo: readonly string[];
  /** Keys that know no id and get a first value as a notification: pre-subscriptions, and subscriptions taken up again. */
  readonly notify: readonly string[];
  /** The id that the one key in `answerTo` has chosen itself, instead of ours. */
  readonly answerAs?: string | undefined;
}

export class AsyncRequests {
  private readonly table: Table<AsyncRequest>;
  private readonly requests = new Map<string, AsyncRequest>();
  /** Key id -> how many async-responses it waits for. */
  private readonly owed = new Map<string, number>();
  /** The ids that keys have chosen, `key id`. */
  private readonly chosen = new Set<string>();

  constructor(store: Journal) {
    this.table = store.table("async-requests");
    for (const [id, request] of this.table.entries()) this.file(id, request);
  }

  get size(): number {
    return this.requests.size;
  }

  /** How many async-responses a key has been promised and not been given. */
  owedTo(keyId: string): number {
    return this.owed.get(keyId) ?? 0;
  }

  /** Whether a key waits for a response under an id that it has chosen. */
  isChosen(keyId: string, asyncId: string): boolean {
    return this.chosen.has(`${keyId} ${asyncId}`);
  }

  /** The ids of all requests, a copy. */
  ids(): readonly string[] {
    return [...this.requests.keys()];
  }

  get(id: string): AsyncRequest | undefined {
    return this.requests.get(id);
  }

  /** Files a request under the id that its response will carry, or joins the keys of one already filed. */
  add(id: string, request: AsyncRequest): void {
    const filed = this.requests.get(id);
    const joined =
      filed === undefined
        ? request
        : {
            ...filed,
            answerTo: union(filed.answerTo, request.answerTo),
            notify: union(filed.notify, request.notify),
          };
    this.unfile(id);
    this.file(id, joined);
    this.table.put(id, joined);
  }

  /** Takes out the request that a response belongs to. */
  take(id: string): AsyncRequest | undefined {
    const request = this.unfile(id);
    if (request !== undefined) this.table.remove(id);
    return request;
  }

  private file(id: string, request: AsyncRequest): void {
    this.requests.set(id, request);
    for (const keyId of request.answerTo) {
      this.owed.set(keyId, this.owedTo(keyId) + 1);
      if (request.answerAs !== undefined) this.chosen.add(`${keyId} ${request.answerAs}`);
    }
  }

  private unfile(id: string): AsyncRequest | undefined {
    const request = this.requests.get(id);
    if (request === undefined) return undefined;
    this.requests.delete(id);
    for (const keyId of request.answerTo) {
      const owed = this.owedTo(keyId) - 1;
      if (owed > 0) this.owed.set(keyId, owed);
      else this.owed.delete(keyId);
      if (request.answerAs !== undefined) this.chosen.delete(`${keyId} ${request.answerAs}`);
    }
    return request;
  }
}

function union(some: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...some, ...more])];
}
