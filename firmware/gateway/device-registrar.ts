/**
 * The registration interface that a gateway offers to the devices behind it, and the instance of object 25 that tells servers of each
 * (LwM2M Gateway 1.1.1 §6, §8.2). The objects of a device are never in the gateway's own list: servers read them here.
 */
import { decodeUtf8 } from "../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  DELETE,
  DELETED,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PRECONDITION_FAILED,
  SERVICE_UNAVAILABLE,
} from "../../protocol/coap/codes.ts";
import type { IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import { LOCATION_PATH, textsOf, URI_PATH, URI_QUERY } from "../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../protocol/coap/uri.ts";
import {
  parseRegistrationQuery,
  type RegistrationParameters,
} from "../../protocol/lwm2m/registration.ts";
import { parseTreeLinks, type TreeLink, type TreeLinks } from "../../protocol/lwm2m/tree-links.ts";
import { enablerOf } from "../../protocol/lwm2m/versions.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import {
  GATEWAY_DEVICE_ID,
  GATEWAY_IOT_DEVICE_OBJECTS,
  GATEWAY_PREFIX,
} from "../../protocol/model/objects/gateway.ts";
import { formatPath } from "../../protocol/model/path.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { plain } from "../agent/management/device-management.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import type { DeviceRegistration, GatewayDevice } from "./gateway-device.ts";

/** Security, Server, Access Control, OSCORE, COSE: of the device and the gateway alone. */
const PRIVATE_OBJECTS: ReadonlySet<number> = new Set([0, 1, 2, 21, 23]);
/** Seconds, of a device that says none. */
const DEFAULT_LIFETIME = 86400;
const LONGEST_PREFIX = 64;

/** What happened to a device. */
export interface RegistrarEvent {
  readonly kind: "registered" | "updated" | "gone";
  readonly device: GatewayDevice;
  readonly endpointName: string;
}

export interface RegistrarSettings {
  /** Object 25, of which it makes and removes instances. */
  readonly object: LwM2mObject;
  readonly devices: () => readonly GatewayDevice[];
  /** How a device is called in paths; undefined refuses it. */
  readonly prefixOf: (endpointName: string) => string | undefined;
  readonly tell: (now: Milliseconds, event: RegistrarEvent) => void;
}

export class DeviceRegistrar {
  private readonly settings: RegistrarSettings;

  constructor(settings: RegistrarSettings) {
    this.settings = settings;
  }

  /** Answers a request of a device on `/rd` and what is below it. */
  answer(now: Milliseconds, device: GatewayDevice, request: IncomingRequest): Response {
    const segments = pathOf(request.options, URI_PATH).split("/").slice(1);
    if (segments[0] !== "rd" || segments.length > 2) return plain(NOT_FOUND);
    const parameters = parseRegistrationQuery(textsOf(request.options, URI_QUERY));
    if (segments.length === 1) {
      if (request.code !== POST) return plain(METHOD_NOT_ALLOWED);
      if (isMalformed(parameters)) return plain(BAD_REQUEST);
      return this.register(now, device, parameters, request);
    }
    const { registration } = device;
    if (registration === undefined || registration.prefix !== segments[1]) return plain(NOT_FOUND);
    if (request.code === DELETE) {
      this.remove(now, device);
      return plain(DELETED);
    }
    if (request.code !== POST) return plain(METHOD_NOT_ALLOWED);
    if (isMalformed(parameters)) return plain(BAD_REQUEST);
    return this.update(now, device, registration, parameters, request);
  }

  /** The device is not there any more: its instance goes, and servers are told by an Update. */
  remove(now: Milliseconds, device: GatewayDevice): void {
    const { registration } = device;
    if (registration === undefined) return;
    device.registration = undefined;
    this.settings.object.remove(registration.instanceId);
    const { endpointName } = registration;
    this.settings.tell(now, { kind: "gone", device, endpointName });
  }

  private register(
    now: Milliseconds,
    device: GatewayDevice,
    parameters: RegistrationParameters,
    request: IncomingRequest,
  ): Response {
    const { endpointName, version } = parameters;
    const tree = treeOf(request);
    if (endpointName === undefined || version === undefined || tree === undefined) {
      return plain(BAD_REQUEST);
    }
    if (enablerOf(version) === undefined) return plain(PRECONDITION_FAILED);
    const prefix = this.prefixFor(endpointName);
    if (prefix === undefined) return plain(BAD_REQUEST);
    for (const other of this.settings.devices()) {
      // It has been plugged in elsewhere, or another device has taken its place.
      const hasPrefix = other.registration?.prefix === prefix;
      if (hasPrefix !== (other === device)) this.remove(now, other);
    }
    const instanceId = device.registration?.instanceId ?? this.freeInstance();
    if (instanceId < 0) return plain(SERVICE_UNAVAILABLE);
    const isNew = device.registration === undefined;
    device.registration = {
      endpointName,
      prefix,
      instanceId,
      rootPath: tree.rootPath,
      version,
      lifetime: parameters.lifetime ?? DEFAULT_LIFETIME,
      isQueued: parameters.queueMode,
      refreshedAt: now,
    };
    if (isNew) {
      this.settings.object.create(instanceId, {
        [GATEWAY_DEVICE_ID]: endpointName,
        [GATEWAY_PREFIX]: prefix,
        [GATEWAY_IOT_DEVICE_OBJECTS]: objectsOf(tree),
      });
    } else this.tellObjects(device.registration, tree);
    this.settings.tell(now, { kind: "registered", device, endpointName });
    return {
      code: CREATED,
      options: pathOptions(LOCATION_PATH, `/rd/${prefix}`),
      payload: NO_BYTES,
    };
  }

  private update(
    now: Milliseconds,
    device: GatewayDevice,
    registration: DeviceRegistration,
    parameters: RegistrationParameters,
    request: IncomingRequest,
  ): Response {
    const tree = request.payload.length === 0 ? undefined : treeOf(request);
    if (tree === undefined && request.payload.length > 0) return plain(BAD_REQUEST);
    registration.refreshedAt = now;
    registration.lifetime = parameters.lifetime ?? registration.lifetime;
    if (parameters.binding !== undefined) registration.isQueued = parameters.queueMode;
    if (tree !== undefined) {
      registration.rootPath = tree.rootPath;
      this.tellObjects(registration, tree);
    }
    this.settings.tell(now, { kind: "updated", device, endpointName: registration.endpointName });
    return plain(CHANGED);
  }

  private tellObjects({ instanceId }: DeviceRegistration, tree: TreeLinks): void {
    const { object } = this.settings;
    object.set(instanceId, GATEWAY_IOT_DEVICE_OBJECTS, objectsOf(tree));
  }

  /** A prefix that cannot be taken for an object, nor for a path that means something else. */
  private prefixFor(endpointName: string): string | undefined {
    const prefix = this.settings.prefixOf(endpointName);
    const isFit =
      prefix !== undefined &&
      prefix.length <= LONGEST_PREFIX &&
      /^(?!\.\.?$|rd$|bs$|bspack$|dp$)[A-Za-z0-9._~-]*[A-Za-z_~][A-Za-z0-9._~-]*$/.test(prefix);
    return isFit ? prefix : undefined;
  }

  private freeInstance(): number {
    const { ids } = this.settings.object.instances;
    for (let id = 0; id < 65535; id++) if (!ids.includes(id)) return id;
    return -1;
  }
}

function treeOf(request: IncomingRequest): TreeLinks | undefined {
  const tree = parseTreeLinks(decodeUtf8(request.payload));
  return isMalformed(tree) ? undefined : tree;
}

/** The device's objects as a list of links, without those that are no server's business. */
function objectsOf({ links }: TreeLinks): string {
  return links
    .filter(({ path }) => !PRIVATE_OBJECTS.has(path[0]))
    .map(linkOf)
    .join(",");
}

function linkOf({ path, version }: TreeLink): string {
  return `<${formatPath(path)}>${version === undefined ? "" : `;ver=${version}`}`;
}
