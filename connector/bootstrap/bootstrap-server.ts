/**
 * The bootstrap interface over CoAP, the server's side: `POST /bs` and `GET /bspack` (LwM2M Core 1.2.2 §6.1.7, LwM2M Transport 1.2.2
 * §6.4.2), and the sessions that follow.
 *
 * Without a secure transport anybody can ask in anybody's name, from an address that is not his. So sessions are bounded, together and for
 * each address, those that nobody has answered give way first, and until an address has answered it is sent nothing but requests
 * of a few bytes; a Bootstrap-Pack that is much longer than its request waits for an Echo (RFC 9175 §2.4).
 *
 * A device is the address that it asks from: two sessions of one name do not touch each other until one of them is answered.
 */
import type { IncomingRequest, Response } from "../../protocol/coap/coap-endpoint.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  GET,
  INTERNAL_SERVER_ERROR,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  POST,
  SERVICE_UNAVAILABLE,
  UNAUTHORIZED,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import { SENML_CBOR } from "../../protocol/coap/content-formats.ts";
import { EchoChallenge } from "../../protocol/coap/echo.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  MAX_AGE,
  textsOf,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import {
  BOOTSTRAP_FORMATS,
  type BootstrapParameters,
  PACK_FORMATS,
  parseBootstrapQuery,
} from "../../protocol/lwm2m/bootstrap.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Random } from "../../protocol/ports.ts";
import { MINUTE, type Milliseconds, NEVER, SECOND } from "../../protocol/time/duration.ts";
import { dropOldest } from "../access/oldest.ts";
import { addressGroup, type Rate, RateLimit } from "../access/rate-limit.ts";
import { transportAddress } from "../peer-address.ts";
import type { Peer } from "../peers.ts";
import { isEndpointName } from "../registry/registration-interface.ts";
import { bareResponse, refusal } from "../responses.ts";
import type { BootstrapAccounts, Found } from "./accounts.ts";
import type { BootstrapEvent, BootstrapVia } from "./events.ts";
import { placed } from "./placement.ts";
import { packOf } from "./plan.ts";
import { BootstrapSession, type SessionKeeper } from "./session.ts";

export interface BootstrapSettings {
  readonly accounts: Pick<BootstrapAccounts, "find">;
  /** Sessions at once. */
  readonly maxSessions: number;
  /** How often devices of one address (IPv4, or 64 bits of IPv6) may begin. Whole sites have one behind a NAT. */
  readonly addressRate: Rate;
  /** How often all devices together may begin. */
  readonly totalRate: Rate;
  /** Who has no configuration gets no answer at all, instead of 4.00: then nobody can find out which names there are. */
  readonly isSilent: boolean;
}

/** For 100,000 devices, of which a thousand come back at once. */
export const BOOTSTRAP_DEFAULTS: Omit<BootstrapSettings, "accounts"> = {
  maxSessions: 1000,
  addressRate: { burst: 300, every: 200 },
  totalRate: { burst: 1000, every: 5 },
  isSilent: false,
};

/** What a peer's address begins with that came by the port for bootstrap alone. */
export const BOOTSTRAP_PORT = "bootstrap:";

/** Seconds after which a device may ask again when there is no room. */
const FULL_FOR = 30;
/** How long a session may be unanswered before another may have its place. */
const UNANSWERED_FOR: Milliseconds = 10 * SECOND;
/** An answer to an address that has proved nothing is at most so many times as long as what came. */
const AMPLIFICATION = 3;
/** Bytes of a message beside its payload: header, token, options. */
const OVERHEAD = 24;
const MOST_CHALLENGES = 4096;
const ECHO_FRESHNESS: Milliseconds = MINUTE;
const ALL = "all";

const FULL: Response = {
  code: SERVICE_UNAVAILABLE,
  options: [uintOption(MAX_AGE, FULL_FOR)],
  payload: NO_BYTES,
};

/** What somebody who asks may get. */
interface Asked {
  readonly endpointName: string;
  readonly parameters: BootstrapParameters;
  readonly found: Found | undefined;
}

export class BootstrapServer implements SessionKeeper {
  private readonly settings: BootstrapSettings;
  private readonly random: Random;
  private readonly lifetime: Milliseconds;
  private readonly emit: (event: BootstrapEvent) => void;
  private readonly addressLimit: RateLimit;
  private readonly totalLimit: RateLimit;
  /** By address, in the order in which they began. */
  private readonly sessions = new Map<string, BootstrapSession>();
  /** Begun, and nothing sent yet. */
  private readonly fresh: BootstrapSession[] = [];
  private readonly challenges = new Map<string, EchoChallenge>();
  private nextId = 1;

  /** @param lifetime EXCHANGE_LIFETIME: how long a session may take (LwM2M Core 1.2.2 §6.1.3.3) */
  constructor(
    settings: BootstrapSettings,
    random: Random,
    lifetime: Milliseconds,
    emit: (event: BootstrapEvent) => void,
  ) {
    this.settings = settings;
    this.random = random;
    this.lifetime = lifetime;
    this.emit = emit;
    this.addressLimit = new RateLimit(settings.addressRate);
    this.totalLimit = new RateLimit(settings.totalRate);
  }

  /** How many sessions are under way. */
  get size(): number {
    return this.sessions.size;
  }

  /** Whether the device of this name is being bootstrapped. */
  isRunning(endpointName: string): boolean {
    for (const session of this.sessions.values()) {
      if (session.endpointName === endpointName) return true;
    }
    return false;
  }

  // What devices do.

  /** Answers `POST /bs`; undefined is no answer. Call `advance` when the answer is on its way. */
  handleRequest(now: Milliseconds, peer: Peer, request: IncomingRequest): Response | undefined {
    if (request.code !== POST) return bareResponse(METHOD_NOT_ALLOWED);
    const asked = this.ask(now, peer, request, "request");
    if ("code" in asked) return asked;
    const { endpointName, parameters, found } = asked;
    const format = parameters.contentFormat;
    if (format !== undefined && !BOOTSTRAP_FORMATS.includes(format)) {
      return refusal(UNSUPPORTED_CONTENT_FORMAT, "pct is none of 110, 112, 11542, 11544");
    }
    if (found === undefined) {
      return this.unknown(peer, BAD_REQUEST);
    }
    if (!this.begin(now, peer, endpointName, "request", found, format)) return FULL;
    return bareResponse(CHANGED);
  }

  /** Answers `GET /bspack`; undefined is no answer. */
  handlePackRequest(now: Milliseconds, peer: Peer, request: IncomingRequest): Response | undefined {
    if (request.code !== GET) return bareResponse(METHOD_NOT_ALLOWED);
    const asked = this.ask(now, peer, request, "pack");
    if ("code" in asked) return asked;
    const { endpointName, parameters, found } = asked;
    if (found === undefined) {
      return this.unknown(peer, NOT_FOUND);
    }
    // LwM2M Core 1.2.2 §6.1.7.7: there are packs, and none for this device.
    if (!found.configuration.isPackable) return bareResponse(METHOD_NOT_ALLOWED);
    const format = uintOf(request.options, ACCEPT, SENML_CBOR);
    if (!PACK_FORMATS.includes(format)) return bareResponse(NOT_ACCEPTABLE);
    const payload = packOf(besideAccount(found, parameters), format);
    const challenge = this.challengeFor(now, peer, request, payload);
    if (challenge !== undefined) return challenge;
    // Its later blocks are asked for.
    peer.isStranger = false;
    const event = this.about(this.nextId++, peer.address, endpointName, "pack", found.source);
    this.emit({ kind: "bootstrap-started", ...event });
    this.emit({ kind: "bootstrap-finished", ...event, steps: 0, found: {} });
    return { code: CONTENT, options: [uintOption(CONTENT_FORMAT, format)], payload };
  }

  /** Sends the first request of sessions that have begun. */
  advance(now: Milliseconds): void {
    for (let next = this.fresh.pop(); next !== undefined; next = this.fresh.pop()) {
      next.advance(now);
    }
  }

  handleTimeout(now: Milliseconds): void {
    for (const session of this.sessions.values()) {
      if (session.startedAt + this.lifetime > now) break;
      session.abandon(now, "It took longer than EXCHANGE_LIFETIME");
    }
  }

  deadline(): Milliseconds {
    for (const { startedAt } of this.sessions.values()) return startedAt + this.lifetime;
    return NEVER;
  }

  // What operators want.

  /** Begins to bootstrap a device that has not asked (LwM2M Core 1.0.2 §5.2). False when there is no configuration or no room. */
  push(now: Milliseconds, peer: Peer, endpointName: string): boolean {
    const found = this.settings.accounts.find(endpointName);
    if (found === undefined) return false;
    const hasBegun = this.begin(now, peer, endpointName, "push", found, undefined);
    this.advance(now);
    return hasBegun;
  }

  // What sessions tell.

  handleVerified(session: BootstrapSession, now: Milliseconds): void {
    // Of two with one name this one is at its address; the other is from before the device restarted, or forged.
    for (const other of [...this.sessions.values()]) {
      if (other !== session && other.endpointName === session.endpointName) {
        other.abandon(now, "The device has begun anew from another address");
      }
    }
  }

  handleEnd(session: BootstrapSession, reason: string | undefined): void {
    const { id, peer, endpointName, via, source, steps, found } = session;
    if (this.sessions.get(peer.address) === session) this.sessions.delete(peer.address);
    const event = { ...this.about(id, peer.address, endpointName, via, source), steps, found };
    if (reason === undefined) this.emit({ kind: "bootstrap-finished", ...event });
    else this.emit({ kind: "bootstrap-failed", ...event, reason });
  }

  /** Reads who asks, and what there is for him; a Response is the refusal. */
  private ask(
    now: Milliseconds,
    peer: Peer,
    request: IncomingRequest,
    via: BootstrapVia,
  ): Asked | Response {
    if (!this.admits(now, peer.address)) return FULL;
    const parameters = parseBootstrapQuery(textsOf(request.options, URI_QUERY));
    if (isMalformed(parameters)) {
      const { fault } = parameters;
      return refusal(BAD_REQUEST, fault.slice(fault.indexOf("/") + 1).replaceAll("-", " "));
    }
    const { endpointName } = parameters;
    if (endpointName === undefined || endpointName === "") {
      return refusal(BAD_REQUEST, "ep is missing");
    }
    if (!isEndpointName(endpointName)) {
      return refusal(BAD_REQUEST, "ep is too long or has bad characters");
    }
    try {
      return { endpointName, parameters, found: this.settings.accounts.find(endpointName) };
    } catch (error) {
      const event = this.about(this.nextId++, peer.address, endpointName, via, "");
      this.emit({ kind: "bootstrap-started", ...event });
      const reason = (error as Error).message;
      this.emit({ kind: "bootstrap-failed", ...event, steps: 0, found: {}, reason });
      return bareResponse(INTERNAL_SERVER_ERROR);
    }
  }

  /** Whoever is known here already is answered even so: to be silent is to forget him. */
  private unknown(peer: Peer, code: number): Response | undefined {
    const isSilent = this.settings.isSilent && peer.isStranger;
    return isSilent ? undefined : refusal(code, "unknown endpoint");
  }

  private admits(now: Milliseconds, address: string): boolean {
    const group = addressGroup(hostOf(address));
    if (this.addressLimit.refusedFor(now, group) > 0) return false;
    if (this.totalLimit.refusedFor(now, ALL) > 0) return false;
    this.addressLimit.take(now, group);
    this.totalLimit.take(now, ALL);
    return true;
  }

  private begin(
    now: Milliseconds,
    peer: Peer,
    endpointName: string,
    via: BootstrapVia,
    found: Found,
    format: number | undefined,
  ): boolean {
    this.sessions.get(peer.address)?.abandon(now, "The device has begun anew");
    if (this.sessions.size >= this.settings.maxSessions && !this.makeRoom(now)) return false;
    const of = { peer, endpointName, via };
    const session = new BootstrapSession(this, this.nextId++, now, of, found, format);
    this.sessions.set(peer.address, session);
    this.fresh.push(session);
    const event = this.about(session.id, peer.address, endpointName, via, found.source);
    this.emit({ kind: "bootstrap-started", ...event });
    return true;
  }

  /** Ends the oldest session that nobody has answered for a while. */
  private makeRoom(now: Milliseconds): boolean {
    for (const session of this.sessions.values()) {
      if (session.startedAt + UNANSWERED_FOR > now) return false;
      if (session.isVerified) continue;
      session.abandon(now, "It was not answered, and gave way to others");
      return true;
    }
    return false;
  }

  /** What to answer instead, when the payload is too long for an address that has proved nothing. */
  private challengeFor(
    now: Milliseconds,
    peer: Peer,
    request: IncomingRequest,
    payload: Uint8Array,
  ): Response | undefined {
    // Whoever has a connection is where he says he is.
    if (peer.isStream || payload.length + OVERHEAD <= AMPLIFICATION * sizeOf(request)) {
      return undefined;
    }
    const known = this.challenges.get(peer.address);
    if (known?.isFresh(now, request.options) === true) return undefined;
    const challenge = known ?? new EchoChallenge(this.random, ECHO_FRESHNESS);
    this.challenges.delete(peer.address);
    this.challenges.set(peer.address, challenge);
    dropOldest(this.challenges, MOST_CHALLENGES);
    return { code: UNAUTHORIZED, options: [challenge.option(now)], payload: NO_BYTES };
  }

  private about(
    sessionId: number,
    address: string,
    endpointName: string,
    via: BootstrapVia,
    source: string,
  ) {
    return { sessionId, address: plainAddress(address), endpointName, via, source };
  }
}

/** The values of a pack: where the device says that its bootstrap account is (`acc`), nothing else is put. */
function besideAccount({ configuration }: Found, { account }: BootstrapParameters) {
  const { entries } = configuration;
  if (account === undefined) return entries;
  const links = account.map((path) => ({
    path,
    version: undefined,
    dimension: undefined,
    shortServerId: undefined,
    serverUri: undefined,
    attributes: {},
  }));
  const tree = { enabler: undefined, rootPath: "", contentFormats: [], isTyped: false, others: [] };
  return placed(entries, [], { ...tree, links });
}

/** Bytes of a request, at least. */
function sizeOf({ token, options, payload }: IncomingRequest): number {
  let size = 4 + token.length + payload.length;
  for (const { value } of options) size += 1 + value.length;
  return size;
}

/** An address without what tells by which port or connection it came. */
function plainAddress(address: string): string {
  const isOfPort = address.startsWith(BOOTSTRAP_PORT);
  return isOfPort ? address.slice(BOOTSTRAP_PORT.length) : transportAddress(address);
}

/** `192.0.2.1` of `192.0.2.1:5683`, `2001:db8::1` of `[2001:db8::1]:5683`. */
function hostOf(address: string): string {
  const plain = plainAddress(address);
  const host = plain.slice(0, plain.lastIndexOf(":"));
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
