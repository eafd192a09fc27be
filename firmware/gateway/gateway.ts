/**
 * A gateway: an agent that fronts devices which speak no IP (LwM2M Gateway 1.1.1). Each device is an LwM2M client on a line of its own, a
 * serial port or a BLE UART, and registers with the gateway; servers see it as an instance of object 25 and reach it under its prefix.
 *
 *     server                          gateway                          device "cellar"
 *       | GET /cellar/3303/0/5700        |                                |
 *       |------------------------------->| GET /3303/0/5700               |
 *       |                                |------------------------------->|
 *       |                 2.05 "21.5"    |                    2.05 "21.5" |
 *       |<-------------------------------|<-------------------------------|
 *
 * The prefix goes from the path, and from the names in payloads, on the way down, and back on the way up. Servers that observe the same share
 * one observation of the device, which is begun anew when the device registers anew. There is no access control behind a prefix (§8):
 * every server of the gateway may do everything.
 *
 * A machine as the agent is: `handleX` when a line or the clock did something; then drain each device's `pollTransmit`, then `pollEvent`, then
 * arm one alarm on `deadline()`. The agent is driven as ever; `nudge` of it is called when an answer is ready.
 */
import {
  type CoapSettings,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
  type Response,
  TIMED_OUT,
} from "../../protocol/coap/coap-endpoint.ts";
import {
  BAD_GATEWAY,
  FETCH,
  GATEWAY_TIMEOUT,
  IPATCH,
  SERVICE_UNAVAILABLE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import type { IncomingRequest } from "../../protocol/coap/exchange.ts";
import { CONTENT_FORMAT, URI_PATH, uintOf } from "../../protocol/coap/options.ts";
import { maxTransmitWait } from "../../protocol/coap/parameters.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import { standardDefinitions } from "../../protocol/lwm2m/standard-objects.ts";
import { enablerOf } from "../../protocol/lwm2m/versions.ts";
import type { DefinitionOf } from "../../protocol/model/object-definition.ts";
import { GATEWAY } from "../../protocol/model/objects/gateway.ts";
import type { Path } from "../../protocol/model/path.ts";
import { parsePath } from "../../protocol/model/path.ts";
import { type Milliseconds, NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { Agent } from "../agent/agent.ts";
import { plain } from "../agent/management/device-management.ts";
import type { Relay } from "../agent/relay.ts";
import type { ServerLink } from "../agent/server-link.ts";
import { LwM2mObject } from "../objects/lwm2m-object.ts";
import { misuse } from "../objects/misuse.ts";
import { DeviceRegistrar, type RegistrarEvent } from "./device-registrar.ts";
import { type DeviceRegistration, GatewayDevice, type Relayed } from "./gateway-device.ts";
import { type Destination, downlinkRequest, uplinkResponse } from "./gateway-messages.ts";
import { hasNames } from "./gateway-names.ts";
import { SharedObservations } from "./shared-observations.ts";

export interface GatewaySettings {
  /** Of the conversations with devices. */
  readonly coap: CoapSettings;
  /** How many devices there may be; default 32. */
  readonly maxDevices?: number;
  /** How a device is called in paths of servers; undefined refuses it. Default: by its endpoint name. */
  readonly prefixOf?: (endpointName: string) => string | undefined;
  /** How long a request waits for a device that sleeps; default 60 s, which servers wait too. */
  readonly patience?: Milliseconds;
  /** How long a device in queue mode listens after its last message; default MAX_TRANSMIT_WAIT. */
  readonly awakeFor?: Milliseconds;
  /** Definitions of objects that devices have beyond the standard ones, so that their values are read as what they are. */
  readonly definitionOf?: DefinitionOf;
}

export type GatewayEvent =
  | RegistrarEvent
  /** A server's request was answered for a device. */
  | {
      readonly kind: "relayed";
      readonly link: ServerLink;
      readonly path: string;
      readonly code: number;
    };

const DEFAULT_MAX_DEVICES = 32;
const DEFAULT_PATIENCE: Milliseconds = 60 * SECOND;
/** Events that wait for `pollEvent`; beyond it the oldest is dropped. */
const MAX_EVENTS = 256;

export class Gateway implements Relay {
  readonly agent: Agent;
  devices: readonly GatewayDevice[] = [];
  /** The driver's wake-up: called when a server's request may have moved the deadline, or there is something to send. */
  nudge: (() => void) | undefined = undefined;
  private readonly settings: GatewaySettings;
  private readonly registrar: DeviceRegistrar;
  private readonly observations: SharedObservations;
  private readonly events: GatewayEvent[] = [];

  /** Gives the agent object 25. Throws `gateway/queue-mode` for one that sleeps: what devices say could not be passed on. */
  constructor(agent: Agent, settings: GatewaySettings) {
    if (agent.configuration.queueMode === true) {
      throw misuse("gateway/queue-mode", "a gateway is always reachable");
    }
    this.agent = agent;
    this.settings = settings;
    const object = new LwM2mObject(GATEWAY);
    object.isFixed = true;
    agent.addObject(object);
    agent.relay = this;
    this.registrar = new DeviceRegistrar({
      object,
      devices: () => this.devices,
      prefixOf: settings.prefixOf ?? ((endpointName) => endpointName),
      tell: (now, event) => this.handleRegistrarEvent(now, event),
    });
    this.observations = new SharedObservations({
      confirmAll: agent.configuration.confirmableNotifications === true,
      responseOf: (device, relayed, response) => this.uplink(device, relayed, response),
      begin: (now, device, relayed) => this.begin(now, device, relayed, 0),
    });
  }

  /** A line has come up. Throws `gateway/too-many-devices`. */
  addDevice(): GatewayDevice {
    const most = this.settings.maxDevices ?? DEFAULT_MAX_DEVICES;
    if (this.devices.length >= most) throw misuse("gateway/too-many-devices", `${most} are there`);
    const { coap, awakeFor } = this.settings;
    const device = new GatewayDevice(coap, awakeFor ?? maxTransmitWait(coap.transmission));
    this.devices = [...this.devices, device];
    return device;
  }

  /** A line has gone for good, and whoever was on it. */
  removeDevice(now: Milliseconds, device: GatewayDevice): void {
    this.registrar.remove(now, device);
    this.devices = this.devices.filter((each) => each !== device);
    this.agent.wake();
  }

  // What lines and the clock do.

  handleDatagram(now: Milliseconds, device: GatewayDevice, datagram: Uint8Array): void {
    device.handleSign(now);
    device.coap.handleDatagram(now, datagram);
    this.settle(now, device);
  }

  handleTimeout(now: Milliseconds): void {
    for (const device of this.devices) {
      if (now < device.deadline()) continue;
      device.coap.handleTimeout(now);
      this.observations.handleTimeout(now, device);
      if (now >= device.expiresAt()) this.registrar.remove(now, device);
      this.settle(now, device);
    }
  }

  deadline(): Milliseconds {
    let at: Milliseconds = NEVER;
    for (const device of this.devices) at = Math.min(at, device.deadline());
    return at;
  }

  pollEvent(): GatewayEvent | undefined {
    return this.events.shift();
  }

  // What servers ask.

  handleRequest(now: Milliseconds, link: ServerLink, request: IncomingRequest): boolean {
    const path = pathOf(request.options, URI_PATH);
    const isComposite = path === "/" && (request.code === FETCH || request.code === IPATCH);
    const device = isComposite ? this.namedIn(request) : this.devices.find(hasPrefixOf(path));
    const prefix = device?.registration?.prefix;
    if (device === undefined || prefix === undefined) return false;
    const rest = isComposite ? "" : path.slice(prefix.length + 1);
    const base = parsePath(rest === "" ? "/" : rest) ?? [];
    const until = now + (this.settings.patience ?? DEFAULT_PATIENCE);
    this.take(now, device, { link, request, path: rest, base, until });
    this.settle(now, device);
    this.nudge?.();
    return true;
  }

  handleObserverGone(link: ServerLink, token: Uint8Array): void {
    for (const device of this.devices) this.observations.drop(device, link, token);
  }

  handleRegistrationOver(link: ServerLink): void {
    for (const device of this.devices) this.observations.drop(device, link, undefined);
  }

  /** The device that all names of a composite request begin with. */
  private namedIn({ options, payload, code }: IncomingRequest): GatewayDevice | undefined {
    const format = uintOf(options, CONTENT_FORMAT, -1);
    if (!hasNames(format)) return undefined;
    return this.devices.find(({ registration }) => {
      if (registration === undefined) return false;
      const destination = this.destinationOf(registration, "", []);
      return downlinkRequest({ code, options, payload }, destination) !== undefined;
    });
  }

  private take(now: Milliseconds, device: GatewayDevice, relayed: Relayed): void {
    if (this.observations.take(now, device, relayed)) return;
    if (!device.hasRoom()) this.respond(now, relayed, plain(SERVICE_UNAVAILABLE));
    else if (!device.isAwake(now)) device.held.push(relayed);
    else this.send(now, device, relayed);
  }

  private send(now: Milliseconds, device: GatewayDevice, relayed: Relayed): void {
    const id = this.begin(now, device, relayed, undefined);
    if (id > 0) device.underWay.set(id, relayed);
    // The device has as many requests as it can have: the next answer makes room.
    else if (id === 0) device.held.push(relayed);
    else this.respond(now, relayed, plain(UNSUPPORTED_CONTENT_FORMAT));
  }

  /**
   * Asks the device.
   *
   * @param observe the Observe option, if any
   * @returns the exchange; 0 when the device has too many, -1 for a payload that cannot be passed on
   */
  private begin(
    now: Milliseconds,
    device: GatewayDevice,
    relayed: Relayed,
    observe: number | undefined,
  ): number {
    const { registration } = device;
    if (registration === undefined) return 0;
    const { request, path, base } = relayed;
    const destination = this.destinationOf(registration, path, base);
    const message = downlinkRequest(request, destination, observe);
    return message === undefined ? -1 : device.coap.request(now, message);
  }

  // What devices say.

  private settle(now: Milliseconds, device: GatewayDevice): void {
    const { coap } = device;
    for (let event = coap.pollEvent(); event !== undefined; event = coap.pollEvent()) {
      if (event.kind === REQUEST_RECEIVED) {
        coap.respond(now, event.request, this.registrar.answer(now, device, event.request));
      } else if (event.kind === RESPONSE_RECEIVED) {
        this.handleAnswer(now, device, event.id, event.response, event.observing);
      } else if (event.kind === REQUEST_FAILED) {
        const code = event.failure === TIMED_OUT ? GATEWAY_TIMEOUT : BAD_GATEWAY;
        this.handleAnswer(now, device, event.id, plain(code), false);
      }
    }
    this.observations.resume(now, device);
    this.release(now, device);
    this.agent.wake();
  }

  /** Requests that waited go out when the device is awake and has room for them; those that have waited too long are given up. */
  private release(now: Milliseconds, device: GatewayDevice): void {
    const { held } = device;
    if (held.length === 0) return;
    const isAwake = device.isAwake(now);
    device.held = [];
    for (const relayed of held) {
      if (now >= relayed.until) this.respond(now, relayed, plain(GATEWAY_TIMEOUT));
      else if (isAwake) this.send(now, device, relayed);
      else device.held.push(relayed);
    }
  }

  private handleAnswer(
    now: Milliseconds,
    device: GatewayDevice,
    id: number,
    response: Response,
    isObserving: boolean,
  ): void {
    if (this.observations.handleAnswer(now, device, id, response, isObserving)) return;
    const relayed = device.underWay.get(id);
    if (relayed === undefined) return;
    device.underWay.delete(id);
    this.respond(now, relayed, this.uplink(device, relayed, response));
  }

  /** A device's response as servers get it. */
  private uplink({ registration }: GatewayDevice, { base }: Relayed, response: Response): Response {
    if (registration === undefined) return plain(GATEWAY_TIMEOUT);
    const { prefix, rootPath, version } = registration;
    const definitionOf = this.definitionsOf(version);
    const renaming = { from: rootPath, to: `/${prefix}` };
    return uplinkResponse(response, { base, definitionOf, renaming }) ?? plain(BAD_GATEWAY);
  }

  private respond(now: Milliseconds, relayed: Relayed, response: Response): void {
    const { link, request } = relayed;
    link.coap.respond(now, request, response);
    const path = pathOf(request.options, URI_PATH);
    this.emit({ kind: "relayed", link, path, code: response.code });
  }

  private handleRegistrarEvent(now: Milliseconds, event: RegistrarEvent): void {
    if (event.kind === "gone") this.handleGone(now, event.device);
    else if (event.kind === "registered") this.observations.restart(event.device);
    this.emit(event);
  }

  /** Whoever waits for a device that is gone is told. */
  private handleGone(now: Milliseconds, device: GatewayDevice): void {
    for (const [id, relayed] of device.underWay) {
      device.coap.forget(id);
      this.respond(now, relayed, plain(GATEWAY_TIMEOUT));
    }
    device.underWay.clear();
    for (const relayed of device.held) this.respond(now, relayed, plain(GATEWAY_TIMEOUT));
    device.held = [];
    this.observations.handleGone(now, device);
  }

  private destinationOf(
    { prefix, rootPath, version }: DeviceRegistration,
    path: string,
    base: Path,
  ): Destination {
    const renaming = { from: `/${prefix}`, to: rootPath };
    const definitionOf = this.definitionsOf(version);
    // A composite is asked of the root, wherever the objects are.
    return { path: path === "" ? "" : rootPath + path, base, definitionOf, renaming };
  }

  private definitionsOf(version: string): DefinitionOf {
    const standard = standardDefinitions(enablerOf(version) ?? "1.1");
    const { definitionOf } = this.settings;
    if (definitionOf === undefined) return standard;
    return (objectId) => definitionOf(objectId) ?? standard(objectId);
  }

  private emit(event: GatewayEvent): void {
    if (this.events.length === MAX_EVENTS) this.events.shift();
    this.events.push(event);
  }
}

/** Whether a device's prefix is the first segment of a path. */
function hasPrefixOf(path: string): (device: GatewayDevice) => boolean {
  const end = path.indexOf("/", 1);
  const first = path.slice(1, end < 0 ? path.length : end);
  return ({ registration }) => registration?.prefix === first;
}
