/**
 * Observations through a gateway (RFC 7641 §4): servers that observe the same of a device share one observation of it. A new observer is
 * answered with the last value; when the device registers anew the gateway asks it again, and servers notice nothing.
 */
import { equalBytes } from "../../protocol/bytes/equal.ts";
import { encodeHex } from "../../protocol/bytes/hex.ts";
import {
  GATEWAY_TIMEOUT,
  isSuccess,
  NOT_FOUND,
  SERVICE_UNAVAILABLE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import type { Response } from "../../protocol/coap/exchange.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  textsOf,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { HOUR, type Milliseconds } from "../../protocol/time/duration.ts";
import { plain } from "../agent/management/device-management.ts";
import type { ServerLink } from "../agent/server-link.ts";
import {
  type GatewayDevice,
  MAX_OBSERVATIONS,
  type Observer,
  type Relayed,
  type SharedObservation,
} from "./gateway-device.ts";

const SEQUENCE_MASK = 0xffffff;
/** Bytes of the body of a FETCH that is observed; a longer one is answered once. */
const LONGEST_QUESTION = 4096;
/** One notification in this time is Confirmable, so that an observer that is gone is noticed (RFC 7641 §4.5). */
const LONGEST_WITHOUT_CONFIRMATION: Milliseconds = 24 * HOUR;

export interface ObservationRules {
  /** All notifications are Confirmable. */
  readonly confirmAll: boolean;
  /** A device's response as servers get it. */
  responseOf(device: GatewayDevice, relayed: Relayed, response: Response): Response;
  /** Asks the device to be observed; the exchange, 0 when it has too many, -1 for what cannot be passed on. */
  begin(now: Milliseconds, device: GatewayDevice, relayed: Relayed): number;
}

export class SharedObservations {
  private readonly rules: ObservationRules;

  constructor(rules: ObservationRules) {
    this.rules = rules;
  }

  /** A request of a server. True: it was an Observe, and is being answered here. A cancellation is taken note of, and still to be read. */
  take(now: Milliseconds, device: GatewayDevice, relayed: Relayed): boolean {
    const { link, request } = relayed;
    const observe = uintOf(request.options, OBSERVE, -1);
    if (observe === 0 || observe === 1) this.drop(device, link, request.token);
    // As a plain Read (RFC 7641 §4.1).
    if (observe !== 0 || request.payload.length > LONGEST_QUESTION) return false;
    const key = keyOf(relayed);
    let observation = device.observationOf(key);
    if (observation === undefined) {
      // As a plain Read (RFC 7641 §4.1).
      if (device.observations.length >= MAX_OBSERVATIONS) return false;
      observation = { key, relayed, exchangeId: 0, observers: [], last: undefined };
      device.observations = [...device.observations, observation];
    }
    // A copy: the original is a view of the whole datagram, and would keep it.
    const token = new Uint8Array(request.token);
    const observer = { link, token, sequence: 0, confirmedAt: now, request, until: relayed.until };
    const { observers } = observation;
    // A server observes the same once, under the token that it gave last: there are no more observers than servers.
    const former = observers.find((each) => each.link === link);
    if (former?.request !== undefined) this.tell(now, former, plain(SERVICE_UNAVAILABLE));
    observation.observers = [...observers.filter((each) => each !== former), observer];
    if (observation.last !== undefined) this.tell(now, observer, observation.last);
    else this.resume(now, device);
    return true;
  }

  /** Asks the device for what it is not asked for yet, if it listens. */
  resume(now: Milliseconds, device: GatewayDevice): void {
    if (device.registration === undefined || !device.isAwake(now)) return;
    for (const observation of device.observations) {
      if (observation.exchangeId !== 0) continue;
      const id = this.rules.begin(now, device, observation.relayed);
      // The device has as many requests as it can have: the next answer makes room.
      if (id === 0) return;
      if (id > 0) observation.exchangeId = id;
      else this.end(now, device, observation, plain(UNSUPPORTED_CONTENT_FORMAT));
    }
  }

  /** The device has registered anew, and forgotten who observes it. */
  restart(device: GatewayDevice): void {
    for (const observation of device.observations) {
      device.coap.forget(observation.exchangeId);
      observation.exchangeId = 0;
    }
  }

  /** Observers that waited too long for a device that sleeps are told so. */
  handleTimeout(now: Milliseconds, device: GatewayDevice): void {
    for (const observation of device.observations) {
      const late = observation.observers.filter(
        ({ request, until }) => request !== undefined && now >= until,
      );
      for (const observer of late) this.tell(now, observer, plain(GATEWAY_TIMEOUT));
      this.keep(device, observation, (observer) => !late.includes(observer));
    }
  }

  /** True when the exchange is an observation's. */
  handleAnswer(
    now: Milliseconds,
    device: GatewayDevice,
    id: number,
    response: Response,
    isObserving: boolean,
  ): boolean {
    const observation = device.observations.find(({ exchangeId }) => exchangeId === id);
    if (observation === undefined) return false;
    const content = this.rules.responseOf(device, observation.relayed, response);
    if (!isObserving || !isSuccess(content.code)) this.end(now, device, observation, content);
    else {
      observation.last = content;
      for (const observer of observation.observers) this.tell(now, observer, content);
    }
    return true;
  }

  /** A server observes no more: under this token, or under any. */
  drop(device: GatewayDevice, link: ServerLink, token: Uint8Array | undefined): void {
    for (const observation of device.observations) {
      this.keep(device, observation, (observer) => {
        const isIt = token === undefined || equalBytes(observer.token, token);
        return observer.link !== link || !isIt;
      });
    }
  }

  /** The device is gone: an error ends its observations (RFC 7641 §4.2). */
  handleGone(now: Milliseconds, device: GatewayDevice): void {
    for (const observation of device.observations) {
      device.coap.forget(observation.exchangeId);
      this.end(now, device, observation, plain(NOT_FOUND));
    }
  }

  /** The last word to all observers. */
  private end(
    now: Milliseconds,
    device: GatewayDevice,
    observation: SharedObservation,
    content: Response,
  ): void {
    device.observations = device.observations.filter((each) => each !== observation);
    for (const observer of observation.observers) {
      const isAnswer = observer.request !== undefined || !isSuccess(content.code);
      // The device goes on without being observed: whoever observed it has to ask again.
      this.tell(now, observer, isAnswer ? content : plain(SERVICE_UNAVAILABLE), true);
    }
  }

  private keep(
    device: GatewayDevice,
    observation: SharedObservation,
    isKept: (observer: Observer) => boolean,
  ): void {
    observation.observers = observation.observers.filter(isKept);
    if (observation.observers.length > 0) return;
    // Its next notification is answered with RST.
    device.coap.forget(observation.exchangeId);
    device.observations = device.observations.filter((each) => each !== observation);
  }

  /** Answers an observer's Observe, or notifies it. */
  private tell(now: Milliseconds, observer: Observer, content: Response, isLast = false): void {
    const { link, request, token } = observer;
    const isGood = isSuccess(content.code);
    observer.sequence = (observer.sequence + 1) & SEQUENCE_MASK;
    const options = isGood && !isLast ? [uintOption(OBSERVE, observer.sequence)] : [];
    const response = { ...content, options: [...options, ...content.options] };
    observer.request = undefined;
    if (request !== undefined) {
      link.coap.respond(now, request, response);
      return;
    }
    const isDue = now - observer.confirmedAt >= LONGEST_WITHOUT_CONFIRMATION;
    const isConfirmable = this.rules.confirmAll || !isGood || isDue;
    if (isConfirmable) observer.confirmedAt = now;
    link.coap.notify(now, token, response, isConfirmable);
  }
}

function keyOf({ path, request: { code, options, payload } }: Relayed): string {
  const formats = [uintOf(options, ACCEPT, -1), uintOf(options, CONTENT_FORMAT, -1)];
  return [code, path, ...formats, ...textsOf(options, URI_QUERY), encodeHex(payload)].join("\n");
}
