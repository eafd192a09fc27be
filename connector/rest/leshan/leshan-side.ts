/**
 * What the face of the Leshan demo server has behind it, beside what all routes have: who listens to its events, requests whose outcome
 * is told as an event because the device sleeps, and whether strangers are let in.
 */
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import type { Access } from "../../access/access.ts";
import { may } from "../../access/decision.ts";
import { digestOf } from "../../access/key-crypto.ts";
import type {
  CompositeNotificationEvent,
  ConnectorEvent,
  Devices,
  ResponseEvent,
} from "../../contract.ts";
import type { Registration } from "../../registry/registration.ts";
import { latestOf } from "../../session/latest.ts";
import { type Asked, answerJson, contentJson, UNREADABLE } from "./answer-json.ts";
import { delayedJson } from "./asking.ts";
import { type CompositeContext, compositeJson, sentJson } from "./composite-json.ts";
import { type EventListener, type EventObject, EventStreams } from "./event-streams.ts";
import { type Place, placeAt } from "./place.ts";
import { registrationJson, updateJson } from "./registration-json.ts";

export interface LeshanSurroundings {
  readonly access: Access;
  readonly devices: Devices;
  readonly now: () => Milliseconds;
  /** Lets in who has no credential and comes from this machine. Registration ids are then what the devices themselves use. */
  readonly isOpen?: boolean;
}

/** Heartbeats of the stream of events. */
const BEAT_INTERVAL: Milliseconds = 2 * SECOND;
/** Milliseconds. */
const LARGEST_DRIFT = 100;
/** Requests to sleeping devices that somebody waits to hear of. */
const MOST_DELAYED = 5000;
const ID_LENGTH = 22;

export class LeshanSide {
  readonly isOpen: boolean;
  readonly devices: Devices;
  readonly streams = new EventStreams();
  private readonly access: Access;
  private readonly now: () => Milliseconds;
  private readonly delayed = new Map<string, Asked>();
  /** The devices there are, for as long as somebody listens: an event that ends a registration only names it. */
  private readonly present = new Map<string, Registration>();
  /** Of those, the ones in queue mode that listen. */
  private readonly awake = new Set<string>();
  /** Calendar milliseconds at the monotonic 0. */
  private epoch: number;
  private timer: NodeJS.Timeout | undefined;

  constructor({ access, devices, now, isOpen = false }: LeshanSurroundings) {
    this.access = access;
    this.devices = devices;
    this.now = now;
    this.isOpen = isOpen;
    this.epoch = this.epochNow();
  }

  /** Begins to look after what time changes. */
  start(): void {
    this.timer = setInterval(() => this.handleBeat(), BEAT_INTERVAL);
    this.timer.unref();
  }

  /** Ends all streams. */
  close(): void {
    clearInterval(this.timer);
    this.streams.close();
  }

  handleBeat(): void {
    // The clocks drift apart, and people set one of them; within that, a time that is shown twice is the same.
    const epoch = this.epochNow();
    if (Math.abs(epoch - this.epoch) > LARGEST_DRIFT) this.epoch = epoch;
    for (const endpointName of this.awake) {
      if (this.devices.isAwake(endpointName)) continue;
      this.awake.delete(endpointName);
      this.streams.tell("SLEEPING", endpointName, "device", () => ({ ep: endpointName }));
    }
    this.streams.beat();
    if (this.streams.size === 0) this.forget();
  }

  private epochNow(): number {
    return this.access.calendarNow() - this.now();
  }

  // Registrations.

  shown(registration: Registration): object {
    return registrationJson(registration, {
      registrationId: this.idOf(registration),
      epoch: this.epoch,
      isAwake: this.devices.isAwake(registration.endpointName),
    });
  }

  /** Whoever knows a device's location can pass for it, so that only an open face, for tests, shows it. */
  private idOf({ location }: Registration): string {
    const segment = location.slice(location.lastIndexOf("/") + 1);
    return this.isOpen ? segment : digestOf(location).slice(0, ID_LENGTH);
  }

  // Requests that wait for a device.

  hasRoomToDelay(): boolean {
    return this.delayed.size < MOST_DELAYED;
  }

  /** The outcome of a request is to be told as an event; ask `hasRoomToDelay` first. */
  delay(id: string, asked: Asked): void {
    this.delayed.set(id, asked);
  }

  // Listening.

  /** Adds one who listens; ask `streams.hasRoomFor` first. */
  listen(listener: EventListener): void {
    if (this.streams.size === 0) {
      this.forget();
      for (const registration of this.devices.registrations()) this.notePresence(registration);
    }
    this.streams.add(listener);
  }

  isEntitled(channelId: string): boolean {
    const principal = this.access.principalOfChannel(channelId);
    return principal !== undefined && may(principal, "view", "device");
  }

  hears(channelId: string, endpointName: string, object: EventObject): boolean {
    const principal = this.access.principalOfChannel(channelId);
    if (principal === undefined) return false;
    const domainId = this.access.domainOf(endpointName);
    return may(principal, "view", object, { domainId, endpointName });
  }

  /** Takes what happened on the devices' side. */
  handleEvent(event: ConnectorEvent): void {
    if (event.kind === "response") this.handleResponse(event);
    if (this.streams.size === 0) return;
    const { streams } = this;
    switch (event.kind) {
      case "registration": {
        const { registration } = event;
        const { endpointName } = registration;
        this.present.set(endpointName, registration);
        streams.tell("REGISTRATION", endpointName, "device", () => this.shown(registration));
        break;
      }
      case "update": {
        const { registration } = event;
        const { endpointName } = registration;
        streams.tell("UPDATED", endpointName, "device", () => ({
          registration: this.shown(registration),
          update: updateJson(registration, this.idOf(registration)),
        }));
        break;
      }
      case "deregistration":
      case "expiry":
        this.handleRemoval(event.endpointName);
        return;
      case "notification": {
        const { endpointName, path: res } = event;
        streams.tell("NOTIFICATION", endpointName, "resource", () => {
          const place = this.placeOf(endpointName, res);
          const val = place && contentJson(place, event);
          return val && { ep: endpointName, kind: "single", res, val };
        });
        break;
      }
      case "composite-notification": {
        const { endpointName, paths } = event;
        streams.tell("NOTIFICATION", endpointName, "resource", () => {
          const val = this.compositeOf(event);
          return val && { ep: endpointName, kind: "composite", val, paths };
        });
        break;
      }
      case "send": {
        const { endpointName } = event;
        streams.tell("SEND", endpointName, "resource", () => {
          const registration = this.present.get(endpointName);
          if (registration === undefined) return undefined;
          const latest = latestOf(event.entries, this.access.calendarNow());
          return { ep: endpointName, val: sentJson(this, registration, latest) };
        });
        break;
      }
    }
    this.noteSign("registration" in event ? event.registration.endpointName : event.endpointName);
  }

  private placeOf(endpointName: string, at: string): Place | undefined {
    const registration = this.present.get(endpointName);
    return registration && placeAt(this.devices, registration, at);
  }

  private compositeOf(event: CompositeNotificationEvent): object | undefined {
    const { endpointName, paths } = event;
    const registration = this.present.get(endpointName);
    if (registration === undefined) return undefined;
    const places = paths.map((at) => placeAt(this.devices, registration, at));
    const known = places.filter((place) => place !== undefined);
    return compositeJson(this, { registration, endpointName, places: known }, event);
  }

  private handleRemoval(endpointName: string): void {
    const registration = this.present.get(endpointName);
    if (registration === undefined) return;
    this.present.delete(endpointName);
    this.awake.delete(endpointName);
    this.streams.tell("DEREGISTRATION", endpointName, "device", () => this.shown(registration));
  }

  private handleResponse(event: ResponseEvent): void {
    const asked = this.delayed.get(event.id);
    if (asked === undefined) return;
    this.delayed.delete(event.id);
    this.streams.tell("REQUEST_RESPONSE", asked.target.endpointName, "resource", () => ({
      ...delayedJson(asked, event.id),
      ...outcomeJson(this, asked, event),
    }));
  }

  /** Something came from a device: one in queue mode is awake. */
  private noteSign(endpointName: string): void {
    const isKnown = this.awake.has(endpointName);
    if (isKnown || this.present.get(endpointName)?.queueMode !== true) return;
    if (!this.devices.isAwake(endpointName)) return;
    this.awake.add(endpointName);
    this.streams.tell("AWAKE", endpointName, "device", () => ({ ep: endpointName }));
  }

  private notePresence(registration: Registration): void {
    const { endpointName, queueMode } = registration;
    this.present.set(endpointName, registration);
    if (queueMode && this.devices.isAwake(endpointName)) this.awake.add(endpointName);
  }

  private forget(): void {
    this.present.clear();
    this.awake.clear();
  }
}

function outcomeJson(context: CompositeContext, asked: Asked, event: ResponseEvent): object {
  const { code, error } = event;
  const answer = code === undefined ? undefined : answerJson(context, asked, event, code);
  if (answer === UNREADABLE) return { errormessage: "The device's answer cannot be read." };
  return answer === undefined ? { errormessage: error } : { response: answer };
}
