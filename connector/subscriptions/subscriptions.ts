/**
 * Who is subscribed to what. Keys that subscribe to the same resource share one observation of the device: the first one begins
 * it and the last one ends it.
 *
 * A subscription is individual (asked for by path) or made by a pre-subscription rule. Either stays until it is removed, also
 * while the device is away: when it registers again, its resources are observed again. (The original ended individual ones then, as
 * `endsIndividual` has it.)
 * Changing the rules of a key ends all its subscriptions, individual ones included, and applies the new rules to the devices that
 * are registered and to all that come.
 */
import { GET } from "../../protocol/coap/codes.ts";
import type { Devices, Submission } from "../contract.ts";
import type { AsyncRequests } from "../notifications/async-requests.ts";
import type { Registration } from "../registry/registration.ts";
import type { Journal, Table } from "../store/store.ts";
import { CompositeSubscriptions } from "./composite-subscriptions.ts";
import { matchingPaths, type PreSubscription } from "./pre-subscriptions.ts";

interface StoredSubscription {
  readonly keyId: string;
  readonly endpointName: string;
  readonly path: string;
  /** Made by a rule; absent for an individual one. */
  readonly byRule?: boolean | undefined;
}

export interface SubscriptionSettings {
  /** Whether a key may know of a device. */
  readonly sees: (keyId: string, endpointName: string) => boolean;
  /** As the original had it: a device that registers anew ends the individual subscriptions to it. */
  readonly endsIndividual: boolean;
}

const EVERYTHING: SubscriptionSettings = { sees: () => true, endsIndividual: false };

/** One observed path of one device. */
interface SharedObservation {
  /** Key id -> whether a rule has subscribed it. */
  readonly subscribers: Map<string, boolean>;
  /** The device has accepted the observation, and has not been away since. */
  isRunning: boolean;
}

/** The key has as many subscriptions as it may. */
export const TOO_MANY_SUBSCRIPTIONS = "too-many-subscriptions";

const MOST_PER_KEY = 100_000;

export class Subscriptions {
  readonly composites: CompositeSubscriptions;
  private readonly devices: Devices;
  private readonly requests: AsyncRequests;
  private readonly settings: SubscriptionSettings;
  private readonly stored: Table<StoredSubscription>;
  private readonly storedRules: Table<readonly PreSubscription[]>;
  /** Endpoint name -> path -> who shares it. */
  private readonly observations = new Map<string, Map<string, SharedObservation>>();
  /** Key id -> endpoint name -> paths. */
  private readonly byKey = new Map<string, Map<string, Set<string>>>();
  private readonly counts = new Map<string, number>();
  private readonly rules = new Map<string, readonly PreSubscription[]>();
  /** The list for which the rules were last applied to a registration: most updates bring no new one. */
  private matchedLinks = new WeakMap<Registration, Registration["links"]>();

  constructor(
    store: Journal,
    devices: Devices,
    requests: AsyncRequests,
    settings: SubscriptionSettings = EVERYTHING,
  ) {
    this.settings = settings;
    this.devices = devices;
    this.requests = requests;
    this.stored = store.table("subscriptions");
    this.storedRules = store.table("pre-subscriptions");
    this.composites = new CompositeSubscriptions(store, devices);
    for (const [keyId, rules] of this.storedRules.entries()) this.rules.set(keyId, rules);
    for (const [, { keyId, endpointName, path, byRule }] of this.stored.entries()) {
      this.remember(keyId, endpointName, path, byRule === true).isRunning =
        this.devices.registration(endpointName) !== undefined;
    }
  }

  /** Subscribes one key to one resource; the value comes as the response to the id returned. Repeating it is harmless. */
  subscribe(
    keyId: string,
    endpointName: string,
    path: string,
  ): Submission | { readonly refusal: typeof TOO_MANY_SUBSCRIPTIONS } {
    if (!this.hasRoom(keyId)) return { refusal: TOO_MANY_SUBSCRIPTIONS };
    const submission = this.devices.observe(endpointName, path);
    if ("refusal" in submission) return submission;
    this.add(keyId, endpointName, path, false).isRunning = true;
    this.await(submission.id, endpointName, path, [keyId], []);
    return submission;
  }

  /** Removes one subscription of a key; false when there was none. */
  unsubscribe(keyId: string, endpointName: string, path: string): boolean {
    if (!this.isSubscribed(keyId, endpointName, path)) return false;
    this.drop(keyId, endpointName, path);
    return true;
  }

  /** Removes the subscriptions of a key on one endpoint; false when there were none. */
  unsubscribeEndpoint(keyId: string, endpointName: string): boolean {
    const paths = this.pathsOf(keyId, endpointName);
    for (const path of paths) this.drop(keyId, endpointName, path);
    return paths.length > 0;
  }

  /** Removes all subscriptions of a key. Its rules stay and apply to what comes. */
  unsubscribeAll(keyId: string): void {
    for (const endpointName of [...(this.byKey.get(keyId)?.keys() ?? [])]) {
      this.unsubscribeEndpoint(keyId, endpointName);
    }
  }

  isSubscribed(keyId: string, endpointName: string, path: string): boolean {
    return this.byKey.get(keyId)?.get(endpointName)?.has(path) ?? false;
  }

  /** The paths that a key is subscribed to on an endpoint, oldest first. */
  pathsOf(keyId: string, endpointName: string): string[] {
    return [...(this.byKey.get(keyId)?.get(endpointName) ?? [])];
  }

  /** The keys to tell about a new value. */
  subscribersOf(endpointName: string, path: string): Iterable<string> {
    return this.observations.get(endpointName)?.get(path)?.subscribers.keys() ?? [];
  }

  /** The keys that are subscribed to a place or to something that it is in, each once. */
  *subscribersOver(endpointName: string, path: string): Iterable<string> {
    if (!this.observations.has(endpointName)) return;
    const told = new Set<string>();
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      for (const keyId of this.subscribersOf(endpointName, path.slice(0, end))) {
        if (!told.has(keyId)) yield keyId;
        told.add(keyId);
      }
    }
  }

  rulesOf(keyId: string): readonly PreSubscription[] {
    return this.rules.get(keyId) ?? [];
  }

  /** Replaces the rules of a key, which ends all its subscriptions, and applies them to what is registered. */
  setRules(keyId: string, rules: readonly PreSubscription[]): void {
    this.unsubscribeAll(keyId);
    if (rules.length === 0) {
      this.rules.delete(keyId);
      this.storedRules.remove(keyId);
      return;
    }
    this.rules.set(keyId, rules);
    this.storedRules.put(keyId, rules);
    for (const registration of this.devices.registrations()) {
      this.applyRules(keyId, rules, registration);
    }
  }

  /** All keys that have subscriptions or rules. */
  keys(): Iterable<string> {
    return new Set([...this.byKey.keys(), ...this.rules.keys(), ...this.composites.keys()]);
  }

  /** A key may know of other devices than before: ends what it may not be subscribed to. */
  endUnseen(keyId: string): void {
    for (const endpointName of [...(this.byKey.get(keyId)?.keys() ?? [])]) {
      if (!this.settings.sees(keyId, endpointName)) this.unsubscribeEndpoint(keyId, endpointName);
    }
    this.composites.endUnseen(keyId, (endpointName) => this.settings.sees(keyId, endpointName));
  }

  /** A key may know of more devices than before: applies its rules to them. */
  takeUpSeen(keyId: string): void {
    const rules = this.rules.get(keyId);
    if (rules === undefined) return;
    for (const registration of this.devices.registrations()) {
      this.applyRules(keyId, rules, registration);
    }
  }

  /** Applies the rules of all keys to each device when it updates next: for all at once it would take too long. */
  takeUpSeenLater(): void {
    this.matchedLinks = new WeakMap();
  }

  /** A key is not there any more: ends its subscriptions and drops its rules. */
  forget(keyId: string): void {
    this.setRules(keyId, []);
    this.composites.forget(keyId);
  }

  /** A device has registered: observe what is subscribed and not observed any more, and apply all rules. */
  handleRegistration(registration: Registration): void {
    if (this.settings.endsIndividual) this.endIndividual(registration.endpointName);
    this.matchedLinks.delete(registration);
    this.handleUpdate(registration);
  }

  /** A device has updated its registration: retry what is not running, and apply all rules if it has a new list. */
  handleUpdate(registration: Registration): void {
    const { endpointName, links } = registration;
    this.composites.handleUpdate(registration);
    for (const [path, observation] of this.observations.get(endpointName) ?? []) {
      if (!observation.isRunning) this.observeFor(endpointName, path, observation);
    }
    if (this.rules.size === 0 || this.matchedLinks.get(registration) === links) return;
    this.matchedLinks.set(registration, links);
    for (const [keyId, rules] of this.rules) this.applyRules(keyId, rules, registration);
  }

  /** A device is gone: nothing of it is observed until it registers again. */
  handleRemoval(endpointName: string): void {
    const observations = this.observations.get(endpointName)?.values() ?? [];
    for (const observation of observations) observation.isRunning = false;
  }

  /**
   * A device has not accepted an observation, or has ended it. Who was told so as the answer to a request is not subscribed; for the
   * others it is tried again at the next update, unless the device's word is final.
   */
  handleEnd(endpointName: string, path: string, told: readonly string[], isFinal: boolean): void {
    const observation = this.observations.get(endpointName)?.get(path);
    if (observation === undefined) return;
    observation.isRunning = false;
    const ended = isFinal ? [...observation.subscribers.keys()] : told;
    for (const keyId of ended) this.unsubscribe(keyId, endpointName, path);
  }

  private applyRules(
    keyId: string,
    rules: readonly PreSubscription[],
    registration: Registration,
  ): void {
    const { endpointName } = registration;
    if (!this.settings.sees(keyId, endpointName)) return;
    for (const path of matchingPaths(rules, registration)) {
      if (this.isSubscribed(keyId, endpointName, path) || !this.hasRoom(keyId)) continue;
      const observation = this.add(keyId, endpointName, path, true);
      this.observeFor(endpointName, path, observation, [keyId]);
    }
  }

  /** Observes for subscribers that know no id: the first value comes to them as a notification. */
  private observeFor(
    endpointName: string,
    path: string,
    observation: SharedObservation,
    notify: readonly string[] = [...observation.subscribers.keys()],
  ): void {
    const submission = this.devices.observe(endpointName, path);
    // Refused means that too much is waiting for this device: tried again at its next update.
    if ("refusal" in submission) return;
    observation.isRunning = true;
    this.await(submission.id, endpointName, path, [], notify);
  }

  /** Files who is told the first value: by a response to its id, or by a notification. */
  private await(
    id: string,
    endpointName: string,
    path: string,
    answerTo: readonly string[],
    notify: readonly string[],
  ): void {
    const isSubscription = true;
    this.requests.add(id, { method: GET, endpointName, path, isSubscription, answerTo, notify });
  }

  private endIndividual(endpointName: string): void {
    for (const [path, { subscribers }] of this.observations.get(endpointName) ?? []) {
      for (const [keyId, byRule] of subscribers) {
        if (!byRule) this.unsubscribe(keyId, endpointName, path);
      }
    }
  }

  private hasRoom(keyId: string): boolean {
    return (this.counts.get(keyId) ?? 0) < MOST_PER_KEY;
  }

  private add(
    keyId: string,
    endpointName: string,
    path: string,
    byRule: boolean,
  ): SharedObservation {
    const observation = this.remember(keyId, endpointName, path, byRule);
    const isByRule = observation.subscribers.get(keyId) || undefined;
    const row = { keyId, endpointName, path, byRule: isByRule };
    this.stored.put(storeKey(keyId, endpointName, path), row);
    return observation;
  }

  private remember(
    keyId: string,
    endpointName: string,
    path: string,
    byRule: boolean,
  ): SharedObservation {
    const ofEndpoint = entry(this.observations, endpointName, newMap<string, SharedObservation>);
    const observation = entry(ofEndpoint, path, newObservation);
    if (!observation.subscribers.has(keyId)) {
      this.counts.set(keyId, (this.counts.get(keyId) ?? 0) + 1);
      observation.subscribers.set(keyId, byRule);
    }
    const ofKey = entry(this.byKey, keyId, newMap<string, Set<string>>);
    entry(ofKey, endpointName, newSet<string>).add(path);
    return observation;
  }

  private drop(keyId: string, endpointName: string, path: string): void {
    this.stored.remove(storeKey(keyId, endpointName, path));
    this.counts.set(keyId, (this.counts.get(keyId) ?? 0) - 1);

    const ofKey = this.byKey.get(keyId);
    const paths = ofKey?.get(endpointName);
    paths?.delete(path);
    if (paths?.size === 0) ofKey?.delete(endpointName);
    if (ofKey?.size === 0) {
      this.byKey.delete(keyId);
      this.counts.delete(keyId);
    }

    const ofEndpoint = this.observations.get(endpointName);
    const observation = ofEndpoint?.get(path);
    observation?.subscribers.delete(keyId);
    if (observation?.subscribers.size !== 0) return;
    ofEndpoint?.delete(path);
    if (ofEndpoint?.size === 0) this.observations.delete(endpointName);
    this.devices.cancelObservation(endpointName, path);
  }
}

function storeKey(keyId: string, endpointName: string, path: string): string {
  return `${keyId} ${endpointName} ${path}`;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

function newSet<T>(): Set<T> {
  return new Set();
}

function newObservation(): SharedObservation {
  return { subscribers: new Map(), isRunning: false };
}
