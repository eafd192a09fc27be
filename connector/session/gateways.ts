/**
 * The devices behind gateways: what object 25 of each gateway says.
 *
 * A gateway registers alone; its devices are at paths that begin with a prefix (`/d01/3303/0/5700`), and each has an instance of object
 * 25. That object comes in two shapes (LwM2M Core 1.2.2 §E.12, and version 2.0 of the gateway enabler): both have the device's id and its
 * prefix, and only the second says what the device has. The connector observes it, so that a prefix is known as soon as it is one.
 */

import { isMalformed } from "../../protocol/malformed.ts";
import {
  GATEWAY,
  GATEWAY_DEVICE_ID,
  GATEWAY_IOT_DEVICE_OBJECTS,
  GATEWAY_PREFIX,
} from "../../protocol/model/objects/gateway.ts";
import { CODECS } from "../codecs.ts";
import type { GatewayDevice } from "../contract.ts";
import type { Journal, Table } from "../store/store.ts";

/** Where a gateway says which devices are behind it. */
export const GATEWAY_PATH = "/25";

/** What survives a restart, by the gateway's endpoint name. */
interface GatewayRow {
  readonly devices: readonly GatewayDevice[];
}

/** A payload of object 25, and how it came. */
export interface GatewayContent {
  readonly payload: Uint8Array;
  readonly contentFormat: number | undefined;
  /** What stands before the gateway's own paths in names. */
  readonly rootPath: string;
  readonly learnedBy: GatewayDevice["learnedBy"];
}

const MOST_DEVICES = 1000;
const LONGEST_PREFIX = 64;
const NONE: readonly GatewayDevice[] = [];

export class Gateways {
  private readonly table: Table<GatewayRow>;
  private readonly byName = new Map<string, readonly GatewayDevice[]>();

  constructor(journal: Journal) {
    this.table = journal.table("gateways");
  }

  restore(): void {
    for (const [endpointName, { devices }] of this.table.entries()) {
      this.byName.set(endpointName, devices);
    }
  }

  devicesOf(endpointName: string): readonly GatewayDevice[] {
    return this.byName.get(endpointName) ?? NONE;
  }

  /** Takes what object 25 says. True when other devices are there than before; what cannot be read changes nothing. */
  learn(endpointName: string, content: GatewayContent): boolean {
    const devices = devicesIn(content);
    if (devices === undefined) return false;
    const before = this.devicesOf(endpointName);
    if (before.map(spelled).join() === devices.map(spelled).join()) return false;
    this.byName.set(endpointName, devices);
    this.table.put(endpointName, { devices });
    return true;
  }

  /** The registration has ended, or no longer lists object 25. True when there were devices behind it. */
  forget(endpointName: string): boolean {
    if (!this.byName.delete(endpointName)) return false;
    this.table.remove(endpointName);
    return true;
  }
}

/** The devices that a payload tells of, by instance; undefined when it cannot be read. */
function devicesIn(content: GatewayContent): readonly GatewayDevice[] | undefined {
  const { payload, contentFormat, rootPath, learnedBy } = content;
  const codec = contentFormat === undefined ? undefined : CODECS.get(contentFormat);
  const definitionOf = () => GATEWAY;
  const entries = codec?.decode(payload, [GATEWAY.id], definitionOf, rootPath || undefined);
  if (entries === undefined || isMalformed(entries)) return undefined;
  const instances = new Map<number, Map<number, string>>();
  for (const { path, value } of entries) {
    const [, instanceId, resourceId] = path;
    if (instanceId === undefined || resourceId === undefined || typeof value !== "string") continue;
    const texts = instances.get(instanceId) ?? new Map<number, string>();
    instances.set(instanceId, texts.set(resourceId, value));
  }
  const devices: GatewayDevice[] = [];
  for (const [instanceId, texts] of [...instances].sort(([one], [other]) => one - other)) {
    const prefix = texts.get(GATEWAY_PREFIX) ?? "";
    const isTaken = devices.some((device) => device.prefix === prefix);
    if (!isPrefix(prefix) || isTaken || devices.length === MOST_DEVICES) continue;
    const deviceId = texts.get(GATEWAY_DEVICE_ID) ?? "";
    const objects = texts.get(GATEWAY_IOT_DEVICE_OBJECTS);
    devices.push({ prefix, deviceId, instanceId, objects, learnedBy });
  }
  return devices;
}

/** What can stand before paths and be told from an object id. */
function isPrefix(text: string): boolean {
  return text.length <= LONGEST_PREFIX && /^[^/]+$/.test(text) && !/^\d+$/.test(text);
}

function spelled({ prefix, deviceId, instanceId, objects }: GatewayDevice): string {
  return JSON.stringify([prefix, deviceId, instanceId, objects]);
}
