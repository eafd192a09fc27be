/**
 * What is observed of one device.
 *
 *            observe            handleAsked         a first value
 *     (new) --------> WANTED ---------------> ASKED -------------> RUNNING
 *                       ^                       |                     |
 *                       +-----------------------+---------------------+
 *                         the device registered anew, was silent or cut off, or refused a format
 *
 * Observations belong to the application, not to a registration: when the device has registered anew, which ended them on its side
 * (LwM2M Core 1.1.1 §6.4.1), they are asked for again before anything else. While one runs, it follows the device to another address,
 * and it is taken up again after a restart under the token that the device knows; but over TCP it ends with its connection, on both
 * sides (RFC 8323 §7.4), and is asked for again over the next.
 *
 * Knows nothing of when the device listens: that is the session's.
 */
import type { Response } from "../../protocol/coap/coap-endpoint.ts";
import { OBSERVE, uintOption } from "../../protocol/coap/options.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { GatewayDevice, ObserveOptions } from "../contract.ts";
import type { Peer } from "../peers.ts";
import type { Registration } from "../registry/registration.ts";
import type { Table } from "../store/store.ts";
import type { Wish } from "./allowance.ts";
import { downlinkMessage, hasAnotherAttempt } from "./downlink-message.ts";
import {
  ASKED,
  Observation,
  type ObservationRow,
  type Observed,
  type Observer,
  observationKey,
  RUNNING,
  WANTED,
} from "./observation.ts";

/** Bytes; longer values are read again when somebody asks for one that has come already. */
const LONGEST_KEPT = 1024;

/** What the observations of all devices share. */
export interface ObservationSurroundings {
  readonly observations: Table<ObservationRow>;
  /** Running observations by token, since a device may speak from an address that nobody has told of. */
  readonly byToken: Map<string, Observation>;
  devicesBehind(registration: Registration): readonly GatewayDevice[];
}

export class Observations {
  private readonly shared: ObservationSurroundings;
  private readonly registration: Registration;
  private readonly byKey = new Map<string, Observation>();

  constructor(shared: ObservationSurroundings, registration: Registration) {
    this.shared = shared;
    this.registration = registration;
  }

  get size(): number {
    return this.byKey.size;
  }

  find(observed: Observed): Observation | undefined {
    return this.byKey.get(observationKey(observed));
  }

  all(): IterableIterator<Observation> {
    return this.byKey.values();
  }

  /** One to ask for. */
  wanted(): Observation | undefined {
    for (const observation of this.byKey.values()) {
      if (observation.state === WANTED) return observation;
    }
    return undefined;
  }

  /** Begins to want something that is not observed yet. */
  add(observer: Observer, observed: Observed, options: ObserveOptions): Observation {
    const observation = new Observation(observer, observed, options);
    this.byKey.set(observation.key, observation);
    return observation;
  }

  /** Takes up what an earlier run wanted; it runs on where it ran. */
  restore(observer: Observer, row: ObservationRow, peer: Peer | undefined): void {
    const { path, paths, accept, query, attempt, owedId, isWanted, isOurs, token } = row;
    const observation = this.add(observer, { path, paths }, { accept, query });
    observation.attempt = attempt;
    observation.owedId = owedId;
    observation.isWanted = isWanted;
    observation.isOurs = isOurs;
    if (token === undefined || peer === undefined) return;
    observation.token = token;
    this.resume(observation, peer);
  }

  /** The device is asked. False when its endpoint has too much to do. */
  ask(now: Milliseconds, observation: Observation, peer: Peer): boolean {
    const id = peer.request(now, this.message(observation), observation);
    if (id === 0) return false;
    observation.peer = peer;
    observation.exchangeId = id;
    observation.state = ASKED;
    return true;
  }

  /** The first value is there. */
  start(observation: Observation): void {
    observation.state = RUNNING;
    observation.owedId = undefined;
    observation.token = observation.peer?.coap.tokenOf(observation.exchangeId);
    this.note(observation);
    this.write(observation);
  }

  /** The device has said so. */
  keep(observation: Observation, response: Response): void {
    observation.last = response.payload.length <= LONGEST_KEPT ? response : undefined;
  }

  /** The device has refused the formats that it was asked for. False when there are no others to ask for. */
  tryOtherFormats(observation: Observation): boolean {
    const { attempt } = observation;
    if (!hasAnotherAttempt(this.registration, observation.wish(), attempt)) return false;
    observation.attempt = attempt + 1;
    observation.state = WANTED;
    return true;
  }

  /** It has to be asked for again. */
  abandon(observation: Observation): void {
    const wasRunning = observation.state === RUNNING;
    this.forgetExchange(observation);
    observation.state = WANTED;
    if (wasRunning) this.write(observation);
  }

  /** What runs at another address runs on here; what was asked there is asked again. */
  move(peer: Peer): void {
    for (const observation of this.byKey.values()) {
      if (observation.peer === undefined || observation.peer === peer) continue;
      if (observation.state !== RUNNING || !this.resume(observation, peer)) {
        this.abandon(observation);
      }
    }
  }

  /** It is to be asked for with other options; the device is told that it is not wanted as it was. */
  renew(now: Milliseconds, observation: Observation, options: ObserveOptions): void {
    this.cancel(now, observation);
    observation.options = options;
    observation.attempt = 0;
    observation.last = undefined;
    observation.state = WANTED;
  }

  /** Ends it on the device's side too, as far as it has begun there. */
  cancel(now: Milliseconds, observation: Observation): void {
    if (observation.state === RUNNING) {
      observation.peer?.cancelObservation(now, observation.exchangeId);
      observation.peer = undefined;
    }
    this.forgetExchange(observation);
  }

  remove(observation: Observation): void {
    this.forgetExchange(observation);
    this.byKey.delete(observation.key);
    this.shared.observations.remove(this.registration.endpointName + observation.key);
  }

  write(observation: Observation): void {
    const { endpointName } = this.registration;
    this.shared.observations.put(endpointName + observation.key, observation.row(endpointName));
  }

  /** False when there is nothing to go on with. */
  private resume(observation: Observation, peer: Peer): boolean {
    const { token } = observation;
    if (token === undefined || observation.peer?.isStream === true) return false;
    const id = peer.resumeObservation(this.message(observation), token, observation);
    if (id === 0) return false;
    this.forgetExchange(observation);
    observation.exchangeId = id;
    observation.peer = peer;
    observation.state = RUNNING;
    this.note(observation);
    return true;
  }

  private message(observation: Observation) {
    const wish: Wish = observation.wish();
    const devices = this.shared.devicesBehind(this.registration);
    const message = downlinkMessage(this.registration, wish, observation.attempt, devices);
    return { ...message, options: [uintOption(OBSERVE, 0), ...message.options] };
  }

  private note(observation: Observation): void {
    const { token } = observation;
    if (token !== undefined) this.shared.byToken.set(tokenKey(token), observation);
  }

  private forgetExchange(observation: Observation): void {
    const { token } = observation;
    if (token !== undefined) this.shared.byToken.delete(tokenKey(token));
    observation.peer?.forget(observation.exchangeId);
    observation.peer = undefined;
  }
}

/** A token as a key. */
export function tokenKey(token: Uint8Array): string {
  return String.fromCharCode(...token);
}
