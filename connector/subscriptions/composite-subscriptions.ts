/**
 * Who observes which places of a device as one (Observe-Composite). As with single places, those who observe the same share one
 * observation: the first one begins it and the last one ends it.
 *
 * The core takes an observation up again when its device registers anew; what it had to give up is asked for again at the next Update.
 */
import type { Devices, ObserveOptions, ResponseEvent, Submission } from "../contract.ts";
import type { Registration } from "../registry/registration.ts";
import type { Journal, Table } from "../store/store.ts";

interface StoredComposite {
  readonly keyId: string;
  readonly endpointName: string;
  readonly paths: readonly string[];
  readonly accept?: number | undefined;
}

interface SharedComposite {
  readonly paths: readonly string[];
  readonly options: ObserveOptions;
  /** Key ids. */
  readonly subscribers: Set<string>;
  isRunning: boolean;
}

interface AskedComposite {
  readonly endpointName: string;
  readonly paths: readonly string[];
  /** Who is told what becomes of it. */
  readonly keyId: string | undefined;
}

/** The key observes as many composites as it may. */
export const TOO_MANY_COMPOSITES = "too-many-subscriptions";

const MOST_PER_KEY = 1000;

export class CompositeSubscriptions {
  private readonly devices: Devices;
  private readonly stored: Table<StoredComposite>;
  /** Endpoint name -> its places, joined -> who shares it. */
  private readonly byEndpoint = new Map<string, Map<string, SharedComposite>>();
  private readonly counts = new Map<string, number>();
  /** By the id of the first value that is awaited; as many at most as the core has requests. */
  private readonly asked = new Map<string, AskedComposite>();

  constructor(store: Journal, devices: Devices) {
    this.devices = devices;
    this.stored = store.table("composite-subscriptions");
    for (const [, { keyId, endpointName, paths, accept }] of this.stored.entries()) {
      // Asked for again at the next Update: what runs already answers from what there is.
      this.remember(keyId, endpointName, paths, { accept });
    }
  }

  /** Observes for one key; the values come as the response to the id returned. Repeating it is harmless. */
  subscribe(
    keyId: string,
    endpointName: string,
    paths: readonly string[],
    options: ObserveOptions,
  ): Submission | { readonly refusal: typeof TOO_MANY_COMPOSITES } {
    if ((this.counts.get(keyId) ?? 0) >= MOST_PER_KEY) return { refusal: TOO_MANY_COMPOSITES };
    const submission = this.devices.observeComposite(endpointName, paths, options);
    if ("refusal" in submission) return submission;
    this.remember(keyId, endpointName, paths, options).isRunning = true;
    this.asked.set(submission.id, { endpointName, paths, keyId });
    const { accept } = options;
    this.stored.put(storeKey(keyId, endpointName, paths), { keyId, endpointName, paths, accept });
    return submission;
  }

  isSubscribed(keyId: string, endpointName: string, paths: readonly string[]): boolean {
    return this.find(endpointName, paths)?.subscribers.has(keyId) ?? false;
  }

  /** Ends what a key observes; false when it did not. */
  unsubscribe(keyId: string, endpointName: string, paths: readonly string[]): boolean {
    const shared = this.find(endpointName, paths);
    if (shared?.subscribers.delete(keyId) !== true) return false;
    this.stored.remove(storeKey(keyId, endpointName, paths));
    const left = (this.counts.get(keyId) ?? 1) - 1;
    if (left > 0) this.counts.set(keyId, left);
    else this.counts.delete(keyId);
    if (shared.subscribers.size > 0) return true;
    const ofEndpoint = this.byEndpoint.get(endpointName);
    ofEndpoint?.delete(joined(paths));
    if (ofEndpoint?.size === 0) this.byEndpoint.delete(endpointName);
    this.devices.cancelComposite(endpointName, paths);
    return true;
  }

  keys(): Iterable<string> {
    return this.counts.keys();
  }

  /** A key may know of other devices than before: ends what it may not observe. */
  endUnseen(keyId: string, sees: (endpointName: string) => boolean): void {
    if (!this.counts.has(keyId)) return;
    for (const [endpointName, ofEndpoint] of [...this.byEndpoint]) {
      if (sees(endpointName)) continue;
      for (const { paths } of [...ofEndpoint.values()]) {
        this.unsubscribe(keyId, endpointName, paths);
      }
    }
  }

  /** A key is not there any more. */
  forget(keyId: string): void {
    this.endUnseen(keyId, () => false);
  }

  /** A device has registered or updated: asks again for what is not running. */
  handleUpdate({ endpointName }: Registration): void {
    for (const shared of this.byEndpoint.get(endpointName)?.values() ?? []) {
      if (shared.isRunning) continue;
      const { paths, options } = shared;
      const submission = this.devices.observeComposite(endpointName, paths, options);
      // Refused means that too much is waiting for this device: tried again at its next Update.
      if ("refusal" in submission) continue;
      shared.isRunning = true;
      this.asked.set(submission.id, { endpointName, paths, keyId: undefined });
    }
  }

  /** Takes the outcome of what was asked; who is told of a failure does not observe. */
  handleResponse({ id, status }: ResponseEvent, isFinal: boolean): void {
    const asked = this.asked.get(id);
    if (asked === undefined) return;
    this.asked.delete(id);
    if (status < 400) return;
    const { endpointName, paths, keyId } = asked;
    if (keyId !== undefined) this.unsubscribe(keyId, endpointName, paths);
    this.handleEnd(endpointName, paths, isFinal);
  }

  /** A device has ended an observation: for good, or it was away. */
  handleEnd(endpointName: string, paths: readonly string[], isFinal: boolean): void {
    const shared = this.find(endpointName, paths);
    if (shared === undefined) return;
    shared.isRunning = false;
    if (!isFinal) return;
    for (const keyId of [...shared.subscribers]) this.unsubscribe(keyId, endpointName, paths);
  }

  private find(endpointName: string, paths: readonly string[]): SharedComposite | undefined {
    return this.byEndpoint.get(endpointName)?.get(joined(paths));
  }

  private remember(
    keyId: string,
    endpointName: string,
    paths: readonly string[],
    options: ObserveOptions,
  ): SharedComposite {
    const ofEndpoint = this.byEndpoint.get(endpointName) ?? new Map<string, SharedComposite>();
    this.byEndpoint.set(endpointName, ofEndpoint);
    const former = ofEndpoint.get(joined(paths));
    const subscribers = former?.subscribers ?? new Set();
    const shared = { paths, options, subscribers, isRunning: former?.isRunning ?? false };
    ofEndpoint.set(joined(paths), shared);
    if (!subscribers.has(keyId)) {
      subscribers.add(keyId);
      this.counts.set(keyId, (this.counts.get(keyId) ?? 0) + 1);
    }
    return shared;
  }
}

function storeKey(keyId: string, endpointName: string, paths: readonly string[]): string {
  return `${keyId} ${endpointName} ${joined(paths)}`;
}

/** No segment of a path that is observed so has a comma: Leshan's list of them is joined the same way. */
function joined(paths: readonly string[]): string {
  return paths.join(",");
}
