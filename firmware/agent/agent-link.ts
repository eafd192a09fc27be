/**
 * An agent's side of one server with all it can do: what `Agent` adds to `ServerLink`, `ReportingLink` and `RelayingLink`. Of
 * registration: retries as
 * the account says (registration-control.ts), a place in the order of servers (registration-order.ts), an older version where the
 * server has no newer (server-versions.ts), profiles and an alternate path (registration-list.ts).
 */
import { POST, PRECONDITION_FAILED } from "../../protocol/coap/codes.ts";
import type { CoapEvent, Request, Response } from "../../protocol/coap/exchange.ts";
import { BODY_LOST, CONNECTION_ENDED } from "../../protocol/coap/exchange.ts";
import { URI_PATH } from "../../protocol/coap/options.ts";
import { pathOf, pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { registrationQuery } from "../../protocol/lwm2m/registration.ts";
import { isEndless } from "../../protocol/lwm2m/versions.ts";
import {
  SERVER_BINDING,
  SERVER_BOOTSTRAP_ON_FAILURE,
  SERVER_FAILURE_BLOCK,
  SERVER_INITIAL_DELAY,
  SERVER_PRIORITY_ORDER,
  SERVER_RETRY_COUNT,
  SERVER_RETRY_TIMER,
  SERVER_SEQUENCE_DELAY,
  SERVER_SEQUENCE_RETRY_COUNT,
  SERVER_UPDATE_TRIGGER,
} from "../../protocol/model/objects/server.ts";
import { SERVER_SUPPORTED_SERVER_VERSIONS } from "../../protocol/model/objects/server-1-2.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../protocol/time/duration.ts";
import { IdTable } from "../objects/lwm2m-object.ts";
import { LARGEST_SETTING } from "../objects/server-account.ts";
import type { Agent } from "./agent.ts";
import { DEFAULT_LIFETIME_SECONDS } from "./basic-agent.ts";
import { digestOf } from "./kept/digest.ts";
import type { PackageUploads } from "./management/package-uploads.ts";
import { ALONE, ALONE_AGAIN, afterRefusal, BESIDE } from "./registration/profiles.ts";
import { Reconnection } from "./registration/reconnection.ts";
import {
  BINDING_CHANGED,
  DEREGISTER,
  KEEP_ALIVE,
  LIFETIME_CHANGED,
  LINKS_CHANGED,
  REGISTER,
  updateAfter,
} from "./registration/registration.ts";
import type { RetrySettings } from "./registration/registration-control.ts";
import {
  ControlledRegistration,
  DEFAULT_RETRY_COUNT,
  DEFAULT_RETRY_TIMER_SECONDS,
  DEFAULT_SEQUENCE_COUNT,
  DEFAULT_SEQUENCE_DELAY_SECONDS,
} from "./registration/registration-control.ts";
import { inventory, listBytes } from "./registration/registration-list.ts";
import type { Candidate } from "./registration/registration-order.ts";
import { newestCommon, olderVersion, STEP_DOWN_PERIOD } from "./registration/server-versions.ts";
import { RelayingLink } from "./relaying-link.ts";
import type { ServerAddress } from "./server-address.ts";
import { TCP } from "./server-address.ts";
import { LINKS_FORMAT, RD } from "./server-link.ts";

/** Of the time between two Updates: what would be due within it joins a wake-up for something else. */
const WAKE_UP_SHARE = 10;

const NO_VERSIONS: readonly string[] = [];

export class AgentLink extends RelayingLink implements Candidate, RetrySettings {
  declare readonly agent: Agent;
  /** The packages that this server writes; most never write one. */
  declare uploads?: PackageUploads;
  declare registration: ControlledRegistration;
  /** What the server makes of profiles: ALONE, BESIDE, ... of profiles.ts. */
  profileUse = ALONE;
  /** Spoken instead of the agent's version, which the server does not have. */
  private older: string | undefined = undefined;
  /** When the agent's version is tried again. */
  private olderUntil: Milliseconds = NEVER;
  private hasRegistered = false;
  /** Made when a connection first ends. */
  private reconnection: Reconnection | undefined = undefined;

  constructor(agent: Agent, instanceId: number, address: ServerAddress) {
    super(agent, instanceId, address);
    this.registration = new ControlledRegistration(this);
  }

  /** As spoken with this server; undefined for a plain CoAP device. */
  override version(): string | undefined {
    return this.older === undefined ? this.agent.version() : this.older;
  }

  /** The formats to offer here. */
  override formats(): readonly ContentCodec[] {
    return this.agent.codecsFor(this.version());
  }

  // As a candidate in the order of servers.

  priority(): number | undefined {
    return this.setting(SERVER_PRIORITY_ORDER);
  }

  initialDelay(): Milliseconds {
    return this.hasRegistered ? 0 : this.settingOr(SERVER_INITIAL_DELAY, 0) * SECOND;
  }

  blocks(): boolean {
    return this.isSet(SERVER_FAILURE_BLOCK, false);
  }

  letGo(now: Milliseconds, at: Milliseconds): void {
    if (!this.registration.isDisabled) this.registration.start(at);
    this.settle(now);
  }

  // As what its registration asks.

  retryCount(): number {
    return this.settingOr(SERVER_RETRY_COUNT, DEFAULT_RETRY_COUNT);
  }

  retryTimer(): Milliseconds {
    return this.settingOr(SERVER_RETRY_TIMER, DEFAULT_RETRY_TIMER_SECONDS) * SECOND;
  }

  sequenceCount(): number {
    return this.settingOr(SERVER_SEQUENCE_RETRY_COUNT, DEFAULT_SEQUENCE_COUNT);
  }

  sequenceDelay(): Milliseconds {
    const seconds = this.settingOr(SERVER_SEQUENCE_DELAY, DEFAULT_SEQUENCE_DELAY_SECONDS);
    return seconds >= LARGEST_SETTING ? NEVER : seconds * SECOND;
  }

  givesUp(): boolean {
    return this.agent.configuration.giveUp === true;
  }

  /** Observations and what is stored for them end with a registration: without bootstrap's help it is kept while it may be good. */
  abandons(): boolean {
    return this.bootstrapsOnFailure();
  }

  /** /1/x/16, and there is a bootstrap server to ask. */
  bootstrapsOnFailure(): boolean {
    return this.isSet(SERVER_BOOTSTRAP_ON_FAILURE, true) && this.agent.canBootstrap();
  }

  // What the world does.

  /** A server that sent us away is not heard meanwhile (LwM2M Core 1.2.2 §E.2, resource 4). */
  override handleDatagram(now: Milliseconds, datagram: Uint8Array): void {
    const isStream = this.peer.transport === TCP;
    // Of a stream nothing can be passed over. Its end wakes nobody.
    if (isStream && datagram.length === 0) {
      this.coap.handleDatagram(now, datagram);
      this.settle(now);
    } else if (isStream || !this.registration.isDisabled) super.handleDatagram(now, datagram);
  }

  override handleAccount(resourceId: number): void {
    const registration = this.registration;
    if (resourceId === SERVER_BINDING) {
      const wasQueued = this.isQueued;
      this.isQueued = this.wantsQueue();
      // The address of the account says how the server is reached, whatever else is written: only queue mode makes a difference.
      if (wasQueued !== this.isQueued) registration.changes |= BINDING_CHANGED;
    } else if (resourceId === SERVER_SUPPORTED_SERVER_VERSIONS) this.olderUntil = 0;
    else {
      super.handleAccount(resourceId);
      if (resourceId === SERVER_UPDATE_TRIGGER) registration.resume(0);
    }
  }

  /** Our address is another. */
  handleAddressChange(now: Milliseconds): void {
    this.registration.handleAddressChange(now);
    this.settle(now);
  }

  /** Registers at once, where it waits to try again or has given up. */
  retry(now: Milliseconds): void {
    this.registration.resume(now);
    this.settle(now);
  }

  // Over a reboot (kept-state.ts).

  /** Where we are registered, `/rd/5a3f`. */
  locationPath(): string {
    return pathOf(this.location, URI_PATH);
  }

  /** A number for what a Register would list: another list has another, as good as always. */
  listDigest(): number {
    const { list, profileId } = inventory(this);
    return digestOf(profileId === undefined ? list : `${profileId} ${list}`);
  }

  /**
   * Goes on with a registration of before, with an Update; with all of the list when that is not as it was.
   *
   * @returns false for a version that is not ours, and over TCP
   */
  takeUp(
    now: Milliseconds,
    location: string,
    version: string | undefined,
    expiresAt: Milliseconds,
    isSameList: boolean,
  ): boolean {
    if ((version === undefined) !== (this.agent.version() === undefined)) return false;
    // With the connection of before its observations have ended.
    if (this.peer.transport === TCP) return false;
    if (version !== undefined) this.speak(version, now + STEP_DOWN_PERIOD);
    this.location = pathOptions(URI_PATH, location);
    const changes = isSameList ? KEEP_ALIVE : KEEP_ALIVE | LINKS_CHANGED;
    this.registration.takeUp(now, expiresAt, changes);
    this.hasRegistered = true;
    return true;
  }

  /** What was taken up cannot be gone on with. */
  registerAnew(now: Milliseconds): void {
    if (this.observers !== undefined) this.observers.cancelAll();
    this.registration.repeat(now);
  }

  // In queue mode.

  /** The radio is on for another server: an Update or a notification that would be due soon goes now, so that one wake-up serves all. */
  joinWakeUp(now: Milliseconds): void {
    if (!this.canWake()) return;
    const soon = now + updateAfter(this.lifetime()) / WAKE_UP_SHARE;
    if (this.deadline() > soon) return;
    this.registration.changes |= KEEP_ALIVE;
    this.settle(now);
  }

  protected override continueRegistration(now: Milliseconds): void {
    const registration = this.registration;
    const isDue = now >= registration.deadline();
    if (isDue && !registration.isActive) this.chooseVersion(now);
    super.continueRegistration(now);
  }

  /** What the server is known to have; the agent's own version again where that was long ago. */
  private chooseVersion(now: Milliseconds): void {
    if (now >= this.olderUntil) this.older = undefined;
    const usual = this.version();
    if (usual !== undefined)
      this.speak(newestCommon(this.listedVersions(), usual), this.olderUntil);
  }

  private speak(version: string, until: Milliseconds): void {
    const isOwn = version === this.agent.version();
    this.older = isOwn ? undefined : version;
    this.olderUntil = isOwn ? NEVER : until;
    this.isQueued = this.wantsQueue();
  }

  protected override registrationRequest(isNew: boolean, changes: number): Request {
    const said = isNew ? LIFETIME_CHANGED | BINDING_CHANGED | LINKS_CHANGED : changes & ~KEEP_ALIVE;
    const hasLinks = (said & LINKS_CHANGED) !== 0;
    const hasBinding = (said & BINDING_CHANGED) !== 0;
    const { endpointName, endpointType } = this.agent.configuration;
    const version = this.version();
    const what = hasLinks ? inventory(this) : undefined;
    const transport = this.peer.transport;
    const query = registrationQuery({
      endpointName: isNew ? endpointName : undefined,
      lifetime: (said & LIFETIME_CHANGED) !== 0 ? this.lifetime() : undefined,
      version: isNew ? version : undefined,
      binding:
        !hasBinding || version === undefined
          ? undefined
          : transport + (version === "1.0" && this.isQueued ? "Q" : ""),
      queueMode: hasBinding && this.isQueued && version !== "1.0",
      profileId: what && what.profileId,
      endpointType: isNew ? endpointType : undefined,
    });
    const path = isNew ? RD : this.location;
    const list = what === undefined ? "" : what.list;
    const isListed = what !== undefined && (list !== "" || what.profileId === undefined);
    const options = isListed ? path.concat(LINKS_FORMAT) : path;
    return {
      code: POST,
      options: options.concat(queryOptions(query)),
      payload: listBytes(list),
    };
  }

  protected override handleOutcome(now: Milliseconds, response: Response | undefined): void {
    const registration = this.registration;
    const sent = registration.underWay;
    const code = response === undefined ? 0 : response.code;
    if (sent === REGISTER && this.adapts(now, code)) {
      registration.repeat(now);
      this.requestId = 0;
      this.report(now, sent, code);
      return;
    }
    super.handleOutcome(now, response);
    if (sent === DEREGISTER && this.coap.disconnect !== undefined) this.coap.disconnect();
    if (sent !== REGISTER) return;
    if (registration.isActive) {
      this.hasRegistered = true;
      if (this.profileUse === BESIDE) this.profileUse = ALONE_AGAIN;
      this.agent.registrations.handleRegistered(now, this);
    } else if (registration.isRejected || registration.isExhausted) {
      this.agent.registrations.handleFailure(now, this, code);
    }
  }

  /** True when a refused Register has something else to try at once: an older version, or the list instead of a profile. */
  private adapts(now: Milliseconds, code: number): boolean {
    if (code === PRECONDITION_FAILED) {
      const refused = this.version();
      const older =
        refused === undefined ? undefined : olderVersion(this.listedVersions(), refused);
      if (older === undefined) return false;
      this.speak(older, now + STEP_DOWN_PERIOD);
      return true;
    }
    if (inventory(this).profileId === undefined) return false;
    const use = afterRefusal(this.profileUse, code);
    if (use === undefined) return false;
    this.profileUse = use;
    return true;
  }

  // Of this server's instance of object 1.

  /** A lifetime of 0 is without end since LwM2M 1.2: a server that turned out to be older is told the usual one. */
  protected override lifetime(): number {
    const seconds = super.lifetime();
    const isKnown = this.older === undefined || isEndless(this.older, 0);
    return seconds === 0 && !isKnown ? DEFAULT_LIFETIME_SECONDS : seconds;
  }

  /** /1/x/25. */
  private listedVersions(): readonly string[] {
    const instance = this.agent.servers.instances.get(this.instanceId);
    const held =
      instance === undefined ? undefined : instance.get(SERVER_SUPPORTED_SERVER_VERSIONS);
    return held instanceof IdTable ? (held.items as string[]) : NO_VERSIONS;
  }

  /** As configured, even where an older version says it otherwise. */
  protected override wantsQueue(): boolean {
    if (this.binding().indexOf("Q") >= 0) return true;
    return this.agent.version() !== "1.0" && this.agent.configuration.queueMode === true;
  }

  private settingOr(resourceId: number, usual: number): number {
    const value = this.setting(resourceId);
    return value === undefined ? usual : value;
  }

  private isSet(resourceId: number, usual: boolean): boolean {
    const value = this.agent.servers.get(this.instanceId, resourceId);
    return value === undefined ? usual : value === true;
  }

  // Connections.

  /** What the server observed has ended on both sides (RFC 8323 §7.4): it has to be registered with anew, so that it observes again. */
  private handleConnectionEnded(now: Milliseconds, reason: string, holdOff: Milliseconds): void {
    const registration = this.registration;
    const wasActive = registration.isActive;
    const { settings, spreadOver } = this.agent.configuration;
    if (this.observers !== undefined) this.observers.cancelAll();
    if (this.agent.relay !== undefined) this.agent.relay.handleRegistrationOver(this);
    if (this.reconnection === undefined) this.reconnection = new Reconnection(spreadOver);
    const wait = this.reconnection.handleEnd(now, settings.random);
    const notBefore = now + holdOff;
    registration.handleDisconnected(
      this.isAsleep ? NEVER : Math.max(now + wait, notBefore),
      notBefore,
    );
    if (!wasActive) return;
    const retryIn = Math.max(registration.deadline() - now, 0);
    this.agent.emit({ kind: "disconnected", link: this, reason: reason, retryIn: retryIn });
  }

  // Packages.

  protected override handleEvent(now: Milliseconds, event: CoapEvent): void {
    if (event.kind === CONNECTION_ENDED) {
      this.handleConnectionEnded(now, event.reason, event.holdOff);
    } else if (event.kind !== BODY_LOST) super.handleEvent(now, event);
    else if (this.uploads !== undefined) this.uploads.handleLost(pathOf(event.options, URI_PATH));
  }
}
