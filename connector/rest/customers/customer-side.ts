/**
 * What the routes of customers and their devices (mDash) have behind them, beside what all routes have: shadows, calls that wait for
 * their outcome, who listens, invitations, and how often strangers may ask for something.
 */
import { MINUTE, type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import type { Access } from "../../access/access.ts";
import { shadowChannel } from "../../access/devices.ts";
import { Invitations } from "../../access/invitations.ts";
import type { Mail, Outbox } from "../../access/mail.ts";
import type { DeviceRecord } from "../../access/model.ts";
import { RateLimit } from "../../access/rate-limit.ts";
import type { ConnectorEvent, Devices } from "../../contract.ts";
import { notificationsOf } from "../../notifications/sent-values.ts";
import { jsonOfPayload } from "../../shadow/resource-values.ts";
import type { Shadow } from "../../shadow/shadow.ts";
import { Shadows } from "../../shadow/shadows.ts";
import { ValueHistory } from "../../shadow/value-history.ts";
import type { Journal } from "../../store/store.ts";
import type { Gateway } from "../device-connector/gateway.ts";
import { DeviceCalls, type Later } from "./device-calls.ts";
import { NotifyListeners } from "./notify-listeners.ts";
import { deviceJson } from "./shadow-json.ts";

export interface CustomerSettings {
  /** Where customers reach this connector, without a slash at the end: links in mail begin with it. */
  readonly publicUrl: () => string;
  /** Origins, `https://app.example`, that the page of an invitation may lead to. */
  readonly redirects: readonly string[];
  /** Takes mail; without one it is dropped, and the operator is told. */
  readonly outbox: Outbox | undefined;
  /**
   * What changing a password takes: the CUSTOMER_KEY is enough, as for mDash's own apps, or only the former password, or a login with it,
   * will do.
   */
  readonly passwordChange: "by-key" | "by-password";
}

/** Without a word from the operator. */
export const CUSTOMER_DEFAULTS: Omit<CustomerSettings, "publicUrl"> = {
  redirects: [],
  outbox: undefined,
  passwordChange: "by-key",
};

export interface CustomerSurroundings {
  readonly access: Access;
  readonly gateway: Gateway;
  readonly devices: Devices;
  readonly store: Journal;
  readonly now: () => Milliseconds;
  readonly log: (line: string) => void;
  readonly settings: CustomerSettings;
  readonly later?: Later;
}

/** How often what needs a look without an event is looked after. */
const TICK: Milliseconds = SECOND;
const SWEPT_PER_TICK = 100;

export class CustomerSide {
  readonly settings: CustomerSettings;
  readonly invitations: Invitations;
  readonly history: ValueHistory;
  readonly shadows: Shadows;
  readonly calls: DeviceCalls;
  readonly listeners = new NotifyListeners();
  /** Mails that somebody at an address may cause, and that a mailbox gets. */
  readonly invitesOfAddress = new RateLimit({ burst: 10, every: 6 * MINUTE });
  readonly invitesOfMailbox = new RateLimit({ burst: 3, every: 20 * MINUTE });
  /** New customers, of an address and in all. */
  readonly newOfAddress = new RateLimit({ burst: 10, every: 6 * MINUTE });
  readonly newOfAll = new RateLimit({ burst: 500, every: 10 * SECOND });
  /** PUBLIC_KEYs and invitations that were no good: guesses. */
  readonly wrongKeys = new RateLimit({ burst: 10, every: MINUTE });
  private readonly access: Access;
  private readonly gateway: Gateway;
  private readonly devices: Devices;
  private readonly now: () => Milliseconds;
  private readonly log: (line: string) => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(surroundings: CustomerSurroundings) {
    const { access, gateway, devices, store, now, log, settings, later } = surroundings;
    this.access = access;
    this.gateway = gateway;
    this.devices = devices;
    this.now = now;
    this.log = log;
    this.settings = settings;
    this.invitations = new Invitations(store);
    this.history = new ValueHistory(store);
    this.shadows = new Shadows(store, devices, this.history, (name) => access.devices.named(name));
    this.calls = new DeviceCalls(devices, gateway, now, later);
  }

  /** Begins to look after what time changes. */
  start(): void {
    this.timer = setInterval(() => this.handleTick(), TICK);
    this.timer.unref();
  }

  /** Hangs up on who listens, and ends the calls that wait. */
  close(): void {
    clearInterval(this.timer);
    this.listeners.close();
    this.calls.close();
  }

  /** Takes what happened on the devices' side, after the gateway did. */
  handleEvent(event: ConnectorEvent): void {
    if (event.kind === "send") {
      for (const each of notificationsOf(event, this.access.calendarNow())) this.handleEvent(each);
      return;
    }
    const changed = this.shadows.handleEvent(this.now(), this.access.calendarNow(), event);
    if (changed !== undefined) this.tellUpdate(changed);
    this.calls.handleEvent(event);
    const { listeners } = this;
    switch (event.kind) {
      case "registration":
        this.observeWatched(event.registration.endpointName);
        listeners.tell(event.registration.endpointName, "online");
        break;
      case "deregistration":
      case "expiry":
        listeners.tell(event.endpointName, "offline");
        break;
      case "notification": {
        const { endpointName, path, payload, contentFormat } = event;
        const value = () => jsonOfPayload(path, payload, contentFormat);
        listeners.tell(endpointName, "rpc.out.Notify", () => ({ path, value: value() }));
        break;
      }
    }
  }

  handleTick(): void {
    if (this.shadows.deadline() <= this.now()) this.shadows.handleTimeout(this.now());
    this.listeners.recheck();
    this.shadows.sweep(SWEPT_PER_TICK);
  }

  /** Rights of these owners of channels were taken away: ends what is open of what they may not know any more. */
  recheck(channelIds: Iterable<string>): void {
    this.gateway.recheck(this.now(), channelIds);
    this.listeners.recheck();
  }

  /** A customer's key has changed: what was opened with the former one ends. */
  endChannel(customerId: string): void {
    this.gateway.channels.forget(customerId);
    this.gateway.subscriptions.forget(customerId);
    this.listeners.recheck();
  }

  /** Ends the registration of a device, if it has one. */
  deregister(device: DeviceRecord): void {
    this.devices.deregister(device.endpointName);
  }

  /** Observes what a shadow watches and no more, if its device is there. */
  observeWatched(endpointName: string): void {
    const device = this.access.devices.named(endpointName);
    if (device === undefined) return;
    const { subscriptions, traffic } = this.gateway;
    const owner = shadowChannel(device);
    const observed = subscriptions.pathsOf(owner, endpointName);
    const watched = this.shadows.of(endpointName)?.watched ?? [];
    for (const path of observed) {
      if (!watched.includes(path)) subscriptions.unsubscribe(owner, endpointName, path);
    }
    for (const path of watched) {
      if (observed.includes(path)) continue;
      // Not by the gateway: no 202 tells of the id, whose response it would hold back for that.
      const submission = subscriptions.subscribe(owner, endpointName, path);
      if ("id" in submission) traffic.record(this.now(), device.domainId);
    }
  }

  /** Tells who listens that a shadow shows something else. */
  tellUpdate(shadow: Shadow): void {
    const { endpointName } = shadow;
    this.listeners.tell(endpointName, "updated", () => {
      const device = this.access.devices.named(endpointName);
      const isOnline = this.gateway.registration(endpointName) !== undefined;
      return device && deviceJson(device, shadow, isOnline);
    });
  }

  /** Sends mail, without anybody waiting for it: how long it takes says nothing about who has an account. */
  mail(mail: Mail): void {
    const { outbox } = this.settings;
    if (outbox === undefined) {
      this.log(`Mail "${mail.subject}" was dropped: there is no outbox.`);
      return;
    }
    outbox.deliver(mail).catch((error: Error) => {
      this.log(`Mail "${mail.subject}" could not be put into the outbox: ${error.message}`);
    });
  }
}
