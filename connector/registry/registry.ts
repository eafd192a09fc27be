/**
 * The registrations: who is registered, where, and until when (LwM2M Core 1.1.1 §6.2).
 *
 * Decides when a registration ends and what its location is; knows neither CoAP nor what is asked of a device. A row is written when
 * something changed that must survive a restart, so an Update that only says "still here" writes nothing. In turn a registration found
 * in the store counts as refreshed at the start.
 */
import { encodeLinks } from "../../protocol/coap/link-format.ts";
import type { RegistrationParameters } from "../../protocol/lwm2m/registration.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Random } from "../../protocol/ports.ts";
import { Deadlines } from "../../protocol/time/deadlines.ts";
import { type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import { Fifo } from "../fifo.ts";
import type { Journal, Table } from "../store/store.ts";
import {
  DEFAULT_LIFETIME,
  HeldRegistration,
  type RegistrationRecord,
} from "./held-registration.ts";
import { encodeLinkList, type LinkList, parseLinkList } from "./link-lists.ts";

export interface RegistrySettings {
  readonly random: Random;
  /** How many devices may be registered at once. */
  readonly maxRegistrations: number;
  /** How many characters all their lists of links may have together. */
  readonly maxLinkText: number;
  /**
   * How long a registration outlives its lifetime. An Update that the device sends at the last moment may be repeated for
   * MAX_TRANSMIT_SPAN (RFC 7252 §4.8.2), so that is the least.
   */
  readonly expiryGrace: Milliseconds;
  /** Whether a device that is not registered may be; absent when all may for whom there is room. */
  readonly admits?: (parameters: NamedParameters) => boolean;
  /**
   * The endpoint name that the secure transport to an address vouches for. A device with one need not say `ep`, and must not say another.
   * Absent where no transport is a secure one.
   */
  readonly identityOf?: (peer: string) => string | undefined;
  /**
   * True refuses what the specification does not have: parameters that nobody knows, a Register without `lt`, a binding that is none of
   * the device's version. False, as peers are, takes them.
   */
  readonly isStrict?: boolean;
  /** Lists of links by profile id, `oma:meter-1`, agreed with devices beforehand (LwM2M Core 1.2.2 §6.2.1). */
  readonly profiles?: ReadonlyMap<string, string>;
  /** How many lists that hashed profile ids stand for are remembered, and how many characters they may have together. */
  readonly maxProfiles: number;
  readonly maxProfileText: number;
}

/** What Register says; the name is checked. */
export type NamedParameters = RegistrationParameters & { readonly endpointName: string };

export interface RegistryEvent {
  /** `move`: only the address is another. */
  readonly kind: "registration" | "update" | "move" | "deregistration" | "expiry";
  readonly registration: HeldRegistration;
  /** Where the device was before; the same as now unless it has moved. Undefined when it was not registered. */
  readonly formerPeer: string | undefined;
  /** False for an Update that repeats what was noted, and told, before the device said it. */
  readonly isNews: boolean;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** A location's last segment: 22 characters of 6 random bits, since whoever knows it is the device. Some clients hold no more than 23. */
const SEGMENT_LENGTH = 22;
const PREFIX = "/rd/";
/** Of a segment, so many characters are its key: 30 bits, unique among the registrations. */
const KEY_LENGTH = 5;
const NO_LINKS: LinkList = {
  text: "",
  links: [],
  rootPath: "",
  contentFormats: [],
  isGateway: false,
};

export class Registry {
  private readonly settings: RegistrySettings;
  private readonly table: Table<RegistrationRecord>;
  private readonly byName = new Map<string, HeldRegistration>();
  private readonly byKey = new Map<number, HeldRegistration>();
  /** By transport address: who registered or updated from there last. */
  private readonly byPeer = new Map<string, HeldRegistration>();
  private readonly byIndex: (HeldRegistration | undefined)[] = [];
  private readonly freeIndices: number[] = [];
  private readonly deadlines = new Deadlines(64);
  private linkText = 0;
  private readonly events = new Fifo<RegistryEvent>();

  constructor(settings: RegistrySettings, journal: Journal) {
    this.settings = settings;
    this.table = journal.table("registrations");
  }

  get size(): number {
    return this.byName.size;
  }

  /** Takes up what an earlier run of the connector wrote. */
  restore(now: Milliseconds): void {
    // Devices of one model list the same: read once and shared, as when they registered.
    const lists = new Map<string, LinkList>();
    for (const [, record] of this.table.entries()) {
      let list = lists.get(record.links);
      if (list === undefined) {
        const parsed = parseLinkList(record.links);
        list = isMalformed(parsed) ? NO_LINKS : parsed;
        lists.set(record.links, list);
      }
      this.hold(now, record, list);
    }
  }

  named(endpointName: string): HeldRegistration | undefined {
    return this.byName.get(endpointName);
  }

  /** The device that speaks from an address, as far as an address tells. */
  fromPeer(address: string): HeldRegistration | undefined {
    return this.byPeer.get(address);
  }

  all(): IterableIterator<HeldRegistration> {
    return this.byName.values();
  }

  /** The registration at a location, by the location's last segment as it came in. */
  at(segment: Uint8Array): HeldRegistration | undefined {
    if (segment.length !== SEGMENT_LENGTH) return undefined;
    const registration = this.byKey.get(keyOf(segment));
    if (registration === undefined) return undefined;
    const { location } = registration.record;
    let difference = 0;
    for (let i = 0; i < SEGMENT_LENGTH; i++) {
      difference |= segment[i] ^ location.charCodeAt(PREFIX.length + i);
    }
    return difference === 0 ? registration : undefined;
  }

  /**
   * Registers a device under the name in its parameters; one of the same name gives way to it.
   *
   * @returns undefined when there is no room for it or for its links, or it is not admitted
   */
  register(
    now: Milliseconds,
    peer: string,
    parameters: NamedParameters,
    list: LinkList,
  ): HeldRegistration | undefined {
    const { endpointName } = parameters;
    const former = this.byName.get(endpointName);
    if (former === undefined && !this.isOpenTo(parameters)) return undefined;
    if (!this.hasRoomFor(list, former)) return undefined;
    const record: RegistrationRecord = {
      endpointName,
      endpointType: parameters.endpointType,
      domain: parameters.domain,
      lifetime: parameters.lifetime ?? DEFAULT_LIFETIME,
      version: parameters.version,
      binding: parameters.binding ?? "U",
      queueMode: parameters.queueMode,
      smsNumber: parameters.smsNumber,
      profileId: parameters.profileId,
      location: this.newLocation(former),
      peer,
      links: list.text,
    };
    const formerPeer = former?.peer;
    const registration = former ?? this.hold(now, record, list);
    if (former !== undefined) this.renew(now, former, record, list);
    registration.heardAt = now;
    registration.isConnected = true;
    this.table.put(endpointName, record);
    registration.isAhead = false;
    this.events.push({ kind: "registration", registration, formerPeer, isNews: true });
    return registration;
  }

  /**
   * Refreshes a registration and takes over what changed.
   *
   * @param parameters what of them is undefined stays as it was
   * @returns false, with nothing changed, when there is no room for the links
   */
  update(
    now: Milliseconds,
    registration: HeldRegistration,
    peer: string,
    parameters: RegistrationParameters | undefined,
    list: LinkList | undefined,
  ): boolean {
    if (list !== undefined && !this.hasRoomFor(list, registration)) return false;
    const formerPeer = registration.peer;
    const { record: before, list: listBefore, isAhead } = registration;
    registration.refreshedAt = now;
    registration.heardAt = now;
    registration.isConnected = true;
    if (list !== undefined) registration.isAhead = false;
    if (parameters !== undefined || list !== undefined || peer !== formerPeer) {
      this.change(registration, peer, parameters, list ?? registration.list);
    }
    // The deadline only ever moves when it has come, or when it comes sooner than before.
    const at = registration.expiresAt(this.settings.expiryGrace);
    if (at < this.deadlines.of(registration.index)) this.deadlines.set(registration.index, at);
    const repeats =
      isAhead &&
      list !== undefined &&
      isSame({ ...registration.record, links: before.links }, before) &&
      hasSameLinks(list, listBefore);
    this.events.push({ kind: "update", registration, formerPeer, isNews: !repeats });
    return true;
  }

  /** The device speaks from another address, and has said so neither with Register nor with Update. */
  move(now: Milliseconds, registration: HeldRegistration, peer: string): void {
    const formerPeer = registration.peer;
    registration.heardAt = now;
    this.change(registration, peer, undefined, registration.list);
    this.events.push({ kind: "move", registration, formerPeer, isNews: true });
  }

  deregister(registration: HeldRegistration): void {
    this.end(registration, "deregistration");
  }

  /** Notes that a device no longer has a resource, before it says so itself. */
  removeLink(registration: HeldRegistration, uri: string): void {
    const links = registration.links.filter((link) => link.uri !== uri);
    if (links.length < registration.links.length) this.replaceLinks(registration, links);
  }

  /** Notes that a device has a new resource, before it says so itself. */
  addLink(registration: HeldRegistration, uri: string): void {
    if (registration.links.some((link) => link.uri === uri)) return;
    this.replaceLinks(registration, [...registration.links, { uri, attributes: [] }]);
  }

  /** Call when `deadline()` has passed; harmless when it has not. */
  handleTimeout(now: Milliseconds): void {
    while (this.deadlines.next() <= now) {
      const index = this.deadlines.first();
      const registration = this.byIndex[index] as HeldRegistration;
      const at = registration.expiresAt(this.settings.expiryGrace);
      if (at <= now) this.end(registration, "expiry");
      else this.deadlines.set(index, at);
    }
  }

  deadline(): Milliseconds {
    return this.deadlines.next();
  }

  pollEvent(): RegistryEvent | undefined {
    return this.events.shift();
  }

  private hold(now: Milliseconds, record: RegistrationRecord, list: LinkList): HeldRegistration {
    const index = this.freeIndices.pop() ?? this.byIndex.length;
    const registration = new HeldRegistration(index, record, list, now);
    this.byIndex[index] = registration;
    this.byName.set(record.endpointName, registration);
    this.byKey.set(keyOfLocation(record.location), registration);
    this.byPeer.set(record.peer, registration);
    this.linkText += list.text.length;
    this.deadlines.set(index, registration.expiresAt(this.settings.expiryGrace));
    return registration;
  }

  private renew(
    now: Milliseconds,
    registration: HeldRegistration,
    record: RegistrationRecord,
    list: LinkList,
  ): void {
    this.replace(registration, record, list);
    registration.registeredAt = now;
    registration.refreshedAt = now;
    this.deadlines.set(registration.index, registration.expiresAt(this.settings.expiryGrace));
  }

  private release(registration: HeldRegistration): void {
    this.byName.delete(registration.endpointName);
    this.byKey.delete(keyOfLocation(registration.location));
    this.leave(registration);
    this.byIndex[registration.index] = undefined;
    this.freeIndices.push(registration.index);
    this.linkText -= registration.list.text.length;
    this.deadlines.set(registration.index, NEVER);
  }

  private end(registration: HeldRegistration, kind: "deregistration" | "expiry"): void {
    this.release(registration);
    this.table.remove(registration.endpointName);
    this.events.push({ kind, registration, formerPeer: registration.peer, isNews: true });
  }

  private change(
    registration: HeldRegistration,
    peer: string,
    parameters: RegistrationParameters | undefined,
    list: LinkList,
  ): void {
    const before = registration.record;
    const record: RegistrationRecord = {
      endpointName: before.endpointName,
      endpointType: parameters?.endpointType ?? before.endpointType,
      domain: parameters?.domain ?? before.domain,
      lifetime: parameters?.lifetime ?? before.lifetime,
      version: before.version,
      binding: parameters?.binding ?? before.binding,
      queueMode: queueModeAfter(before.queueMode, parameters),
      smsNumber: parameters?.smsNumber ?? before.smsNumber,
      profileId: parameters?.profileId ?? before.profileId,
      location: before.location,
      peer,
      links: list.text,
    };
    if (isSame(record, before)) return;
    this.replace(registration, record, list);
    this.table.put(record.endpointName, record);
  }

  private replace(
    registration: HeldRegistration,
    record: RegistrationRecord,
    list: LinkList,
  ): void {
    this.linkText += list.text.length - registration.list.text.length;
    if (record.peer !== registration.peer) this.leave(registration);
    this.byPeer.set(record.peer, registration);
    registration.record = record;
    registration.list = list;
  }

  /** Nothing that comes from its address is of this registration any more. */
  private leave(registration: HeldRegistration): void {
    if (this.byPeer.get(registration.peer) === registration) this.byPeer.delete(registration.peer);
  }

  private replaceLinks(registration: HeldRegistration, links: LinkList["links"]): void {
    const { rootPath, contentFormats, isGateway } = registration;
    const text = encodeLinkList(registration, links);
    const list = { text, links, rootPath, contentFormats, isGateway };
    const formerPeer = registration.peer;
    this.change(registration, formerPeer, undefined, list);
    registration.isAhead = true;
    this.events.push({ kind: "update", registration, formerPeer, isNews: true });
  }

  private isOpenTo(parameters: NamedParameters): boolean {
    const { maxRegistrations, admits } = this.settings;
    return this.byName.size < maxRegistrations && (admits === undefined || admits(parameters));
  }

  /** Whether the lists of links have room for this one, with which a registration that is there replaces its own. */
  private hasRoomFor(list: LinkList, registration: HeldRegistration | undefined): boolean {
    const freed = registration === undefined ? 0 : registration.list.text.length;
    return this.linkText - freed + list.text.length <= this.settings.maxLinkText;
  }

  /** A location nobody can guess. Who registers again keeps the key, and is told from who it was by the rest. */
  private newLocation(former: HeldRegistration | undefined): string {
    let location: string;
    do {
      for (let i = 0, bits = 0; i < SEGMENT_LENGTH; i++, bits >>>= 6) {
        if (i % 5 === 0) bits = this.settings.random.uint32();
        const isKept = former !== undefined && i < KEY_LENGTH;
        const at = PREFIX.length + i;
        CODES[at] = isKept ? former.location.charCodeAt(at) : ALPHABET.charCodeAt(bits & 63);
      }
      location = String.fromCharCode(...CODES);
    } while (former === undefined && this.byKey.has(keyOfLocation(location)));
    return location;
  }
}

/** Queue mode is said together with the binding: inside it by 1.0, beside it later. */
function queueModeAfter(before: boolean, parameters: RegistrationParameters | undefined): boolean {
  if (parameters === undefined) return before;
  return parameters.queueMode || (parameters.binding === undefined && before);
}

function isSame(a: RegistrationRecord, b: RegistrationRecord): boolean {
  return (
    a.endpointType === b.endpointType &&
    a.domain === b.domain &&
    a.lifetime === b.lifetime &&
    a.binding === b.binding &&
    a.queueMode === b.queueMode &&
    a.smsNumber === b.smsNumber &&
    a.profileId === b.profileId &&
    a.peer === b.peer &&
    a.links === b.links
  );
}

/** Whether two lists say the same, however they are written. */
function hasSameLinks(a: LinkList, b: LinkList): boolean {
  return encodeLinks(a.links) === encodeLinks(b.links);
}

/** Character codes of the location being made. */
const CODES = Array.from(PREFIX.padEnd(PREFIX.length + SEGMENT_LENGTH), (one) => one.charCodeAt(0));

/** The key of a segment as it came in; anything for what is no segment of ours. */
function keyOf(segment: Uint8Array): number {
  let key = 0;
  for (let i = 0; i < KEY_LENGTH; i++) key = (key << 6) ^ segment[i];
  return key;
}

function keyOfLocation(location: string): number {
  let key = 0;
  for (let i = 0; i < KEY_LENGTH; i++) key = (key << 6) ^ location.charCodeAt(PREFIX.length + i);
  return key;
}
