/**
 * The objects of the in-process client that do something: our own, with a board of its own around them. What outlives a restart is in
 * `DeviceMemory`; where packages come from is a CoAP server on the same network.
 */
import { binaryAppDataObject } from "../../../firmware/objects/binary-app-data.ts";
import { connectivityStatisticsObject } from "../../../firmware/objects/connectivity-statistics.ts";
import { EventLog, eventLogObject } from "../../../firmware/objects/event-log.ts";
import { firmwareUpdateObject } from "../../../firmware/objects/firmware-update.ts";
import { LwM2mObject } from "../../../firmware/objects/lwm2m-object.ts";
import { portfolioObject } from "../../../firmware/objects/portfolio.ts";
import { testObject } from "../../../firmware/objects/test-object.ts";
import type { Datagrams, Store } from "../../../firmware/ports.ts";
import { coapPackages } from "../../../firmware/update/coap-packages.ts";
import {
  INSTALLATION_FAILED,
  INTEGRITY_FAILED,
  NO_FAULT,
  NO_MEMORY,
  NO_STORAGE,
  type Staging,
  UNSUPPORTED_TYPE,
  type UpdatePorts,
} from "../../../firmware/update/ports.ts";
import {
  CoapEndpoint,
  type CoapSettings,
  type IncomingRequest,
  REQUEST_RECEIVED,
} from "../../../protocol/coap/coap-endpoint.ts";
import { CONTENT, NOT_FOUND } from "../../../protocol/coap/codes.ts";
import { ETAG, URI_PATH } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { BINARY_APP_DATA_CONTAINER } from "../../../protocol/model/objects/binary-app-data.ts";
import { CONNECTIVITY_STATISTICS } from "../../../protocol/model/objects/connectivity-statistics.ts";
import { EVENT_LOG } from "../../../protocol/model/objects/event-log.ts";
import { FIRMWARE_UPDATE } from "../../../protocol/model/objects/firmware-update.ts";
import {
  FIRMWARE_MAXIMUM_DEFER_PERIOD,
  FIRMWARE_SEVERITY,
  FIRMWARE_UPDATE_1_1,
} from "../../../protocol/model/objects/firmware-update-1-1.ts";
import { PORTFOLIO } from "../../../protocol/model/objects/portfolio.ts";
import { TEST_OBJECT_1_0 } from "../../../protocol/model/objects/test-object-1-0.ts";
import { TEST_OBJECT_1_1 } from "../../../protocol/model/objects/test-object-1-1.ts";
import type { FirmwareItems } from "../client-under-test.ts";
import type { Values } from "../configurations.ts";
import { definitionOf } from "../content.ts";
import type { Modem } from "./in-process-modem.ts";

/** Bytes of flash that the device has for a package. */
const CAPACITY = 8000;

/** What the device takes for firmware begins with one of these letters, by what becomes of it. */
const GOOD = "g";
const TOO_LONG_FOR_MEMORY = "m";
const CORRUPT = "c";
const FAILING = "f";

const HOST = "files.test";

/** The packages that go with the claims of this client. */
export const IN_PROCESS_FIRMWARE: FirmwareItems = {
  image: packageOf(GOOD, 3000),
  tooLarge: packageOf(GOOD, CAPACITY + 1000),
  tooLargeForMemory: packageOf(TOO_LONG_FOR_MEMORY, 4000),
  corrupt: packageOf(CORRUPT, 3000),
  wrongType: packageOf("w", 3000),
  failing: packageOf(FAILING, 3000),
  uri: `coap://${HOST}/image`,
  haltingUri: `coap://${HOST}/halting`,
};

/** What a restart leaves as it is. */
export class DeviceMemory {
  readonly staging = new SmallFlash();
  readonly store: Store = new RecordStore();
  hasNewFirmware = false;
}

/** What the objects need of the device around them. */
export interface Surroundings {
  readonly memory: DeviceMemory;
  readonly settings: CoapSettings;
  readonly modem: Modem;
  now(): number;
  reboot(): void;
}

/** An object of the client with its configured values, and its behaviour where it has some. */
export function inProcessObject(
  objectId: number,
  instances: Readonly<Record<number, Values>>,
  around: Surroundings,
): LwM2mObject {
  if (objectId === FIRMWARE_UPDATE.id) return firmwareOf(instances[0], around);
  if (objectId === CONNECTIVITY_STATISTICS.id) return connectivityStatisticsObject();
  if (objectId === EVENT_LOG.id) return eventLogOf(instances);
  const object = withoutInstances(objectId, around);
  for (const [instanceId, values] of Object.entries(instances)) {
    if (object.instances.get(Number(instanceId)) !== undefined) object.remove(Number(instanceId));
    object.create(Number(instanceId), values);
  }
  return object;
}

function withoutInstances(objectId: number, { settings, modem }: Surroundings): LwM2mObject {
  const definition = definitionOf(objectId);
  if (definition === undefined) throw new Error(`object ${objectId} is not defined`);
  switch (objectId) {
    case PORTFOLIO.id:
      return portfolioObject();
    case BINARY_APP_DATA_CONTAINER.id:
      return binaryAppDataObject();
    case TEST_OBJECT_1_0.id:
    case TEST_OBJECT_1_1.id:
      return testObject(definition, settings.random);
    default:
      return modem.object(definition) ?? new LwM2mObject(definition);
  }
}

function eventLogOf(instances: Readonly<Record<number, Values>>): LwM2mObject {
  const object = eventLogObject();
  for (const [instanceId, values] of Object.entries(instances)) {
    new EventLog(object, Number(instanceId), {});
    for (const [resourceId, value] of Object.entries(values)) {
      object.set(Number(instanceId), Number(resourceId), value as Value);
    }
  }
  return object;
}

/** In version 1.1 of the object, whose user is asked and never there, where the configuration has a resource of it. */
function firmwareOf(values: Values, around: Surroundings): LwM2mObject {
  const { memory, settings } = around;
  const ports: UpdatePorts = {
    staging: memory.staging,
    store: memory.store,
    sources: [coapPackages(fileServer(around), settings)],
    verification: {
      check: (staged) => {
        const letter = letterOf(staged.read(0, 1));
        if (letter === CORRUPT) return { fault: INTEGRITY_FAILED };
        return { fault: letter === GOOD || letter === FAILING ? NO_FAULT : UNSUPPORTED_TYPE };
      },
    },
    installer: {
      install: (staged) => {
        if (letterOf(staged.read(0, 1)) === FAILING) return INSTALLATION_FAILED;
        memory.hasNewFirmware = true;
        around.reboot();
        return undefined;
      },
      outcome: () => (memory.hasNewFirmware ? NO_FAULT : INSTALLATION_FAILED),
    },
  };
  const asksUser = values[FIRMWARE_MAXIMUM_DEFER_PERIOD] !== undefined;
  const definition = asksUser ? FIRMWARE_UPDATE_1_1 : FIRMWARE_UPDATE;
  const object = firmwareUpdateObject(definition, ports, { asksUser });
  for (const id of asksUser ? [FIRMWARE_SEVERITY, FIRMWARE_MAXIMUM_DEFER_PERIOD] : []) {
    object.set(0, id, values[id] as Value);
  }
  return object;
}

class SmallFlash implements Staging {
  private bytes = new Uint8Array(CAPACITY);
  private size = 0;

  begin(length: number | undefined): number {
    this.size = 0;
    return (length ?? 0) > CAPACITY ? NO_STORAGE : NO_FAULT;
  }

  append(bytes: Uint8Array): number {
    if (this.size === 0 && letterOf(bytes) === TOO_LONG_FOR_MEMORY) return NO_MEMORY;
    if (this.size + bytes.length > CAPACITY) return NO_STORAGE;
    this.bytes.set(bytes, this.size);
    this.size += bytes.length;
    return NO_FAULT;
  }

  discard(): void {
    this.size = 0;
  }

  length(): number {
    return this.size;
  }

  read(offset: number, length: number): Uint8Array {
    return this.bytes.slice(offset, Math.min(offset + length, this.size));
  }
}

class RecordStore implements Store {
  private readonly records = new Map<string, Uint8Array>();

  read(name: string): Uint8Array | undefined {
    return this.records.get(name);
  }

  write(name: string, bytes: Uint8Array): boolean {
    this.records.set(name, bytes.slice());
    return true;
  }

  remove(name: string): void {
    this.records.delete(name);
  }
}

/** A network on which there is one CoAP server, with an image and with one that stops after its first block. */
function fileServer(around: Surroundings): Datagrams {
  let hasStopped = false;
  return {
    open: (host, _port, receive) => {
      const endpoint = new CoapEndpoint(around.settings);
      return {
        send: (datagram) => {
          if (host !== HOST || hasStopped) return;
          endpoint.handleDatagram(around.now(), datagram);
          for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
            if (event.kind !== REQUEST_RECEIVED) continue;
            hasStopped = pathOf(event.request.options, URI_PATH) === "/halting";
            answer(endpoint, around.now(), event.request);
          }
          for (let sent = endpoint.pollTransmit(); sent; sent = endpoint.pollTransmit()) {
            receive(sent);
          }
        },
        close: () => {},
      };
    },
  };
}

function answer(endpoint: CoapEndpoint, now: number, request: IncomingRequest): void {
  const path = pathOf(request.options, URI_PATH);
  const isThere = path === "/image" || path === "/halting";
  endpoint.respond(now, request, {
    code: isThere ? CONTENT : NOT_FOUND,
    options: isThere ? [{ number: ETAG, value: Uint8Array.of(1) }] : [],
    payload: isThere ? packageOf(GOOD, 3000) : new Uint8Array(0),
  });
}

function packageOf(letter: string, length: number): Uint8Array {
  return new Uint8Array(length).fill(letter.charCodeAt(0));
}

function letterOf(bytes: Uint8Array): string {
  return String.fromCharCode(bytes[0] ?? 0);
}
