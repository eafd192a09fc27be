/** Objects that do something: a counter of traffic, an event log, a firmware update that believes what images say. */
import type { LwM2mObject } from "../../../firmware/objects/lwm2m-object.ts";
import { METHOD_NOT_ALLOWED } from "../../../protocol/coap/codes.ts";
import {
  CONNECTIVITY_STATISTICS,
  STATISTICS_AVERAGE_MESSAGE_SIZE,
  STATISTICS_MAX_MESSAGE_SIZE,
  STATISTICS_RX_DATA,
  STATISTICS_SMS_RX_COUNTER,
  STATISTICS_SMS_TX_COUNTER,
  STATISTICS_START,
  STATISTICS_TX_DATA,
} from "../../../protocol/model/objects/connectivity-statistics.ts";
import { DEVICE, DEVICE_FIRMWARE_VERSION } from "../../../protocol/model/objects/device.ts";
import {
  EVENT_LOG,
  EVENT_LOG_START,
  EVENT_LOG_STATUS,
  EVENT_LOG_STOP,
} from "../../../protocol/model/objects/event-log.ts";
import {
  FIRMWARE_STATE,
  FIRMWARE_UPDATE,
  FIRMWARE_UPDATE_RESULT,
} from "../../../protocol/model/objects/firmware-update.ts";
import type { Behavior, InProcessDevice } from "../../conformance/adapters/in-process.ts";
import type { FirmwareItems } from "../../conformance/client-under-test.ts";

/** Bits of the log's status. */
const STOPPED = 1;
const HAS_CONTENT = 2;

/** What a client that can do everything has for its firmware updates. */
export const FIRMWARE: FirmwareItems = {
  image: imageOf("g", 3000),
  tooLarge: imageOf("l", 9000),
  tooLargeForMemory: imageOf("m", 4000),
  corrupt: imageOf("c", 3000),
  wrongType: imageOf("w", 3000),
  failing: imageOf("f", 3000),
  uri: "coap://files.test/image",
  haltingUri: "coap://files.test/halting",
};

/** By the first letter of an image, or by its address: the result of taking it. */
const RESULTS: Readonly<Record<string, number>> = {
  g: 0,
  f: 0,
  l: 2,
  m: 3,
  c: 5,
  w: 6,
  "coap://files.test/image": 0,
  "coap://files.test/halting": 4,
};
const BAD_URI = 7;
const INSTALL_FAILED = 8;

function imageOf(letter: string, length: number): Uint8Array {
  return new Uint8Array(length).fill(letter.charCodeAt(0));
}

/** Brings the objects of one client to life, as often as it is switched on. */
export function lively(): () => Behavior {
  const firmware = { isInstalled: false };
  return () => (object, device) => {
    if (object.definition === CONNECTIVITY_STATISTICS) countTraffic(object, device);
    if (object.definition === EVENT_LOG) runLog(object);
    if (object.definition === FIRMWARE_UPDATE) updateFirmware(object, device, firmware);
    if (object.definition.id === DEVICE.id && firmware.isInstalled) {
      object.set(0, DEVICE_FIRMWARE_VERSION, "2.0");
    }
  };
}

function updateFirmware(
  object: LwM2mObject,
  device: InProcessDevice,
  firmware: { isInstalled: boolean },
): void {
  const become = (state: number, result: number) => {
    object.set(0, FIRMWARE_STATE, state);
    object.set(0, FIRMWARE_UPDATE_RESULT, result);
  };
  if (firmware.isInstalled) become(0, 1);
  let taken = "";
  object.onWrite = (_, instanceId, resourceId) => {
    const value = object.get(instanceId, resourceId);
    taken = value instanceof Uint8Array ? String.fromCharCode(value[0] ?? 0) : `${value}`;
    if (taken === "" || taken === "\0") become(0, 0);
    else {
      const result = RESULTS[taken] ?? BAD_URI;
      become(result === 0 ? 2 : 0, result);
    }
  };
  object.onExecute = () => {
    if (object.get(0, FIRMWARE_STATE) !== 2) return METHOD_NOT_ALLOWED;
    if (taken === "f") become(2, INSTALL_FAILED);
    else {
      firmware.isInstalled = true;
      become(3, 0);
      device.reboot();
    }
    return undefined;
  };
}

/** Between Start and Stop the counters hold what has gone by since Start. Kilobytes are counted up. */
function countTraffic(object: LwM2mObject, device: InProcessDevice): void {
  let before: ReturnType<InProcessDevice["traffic"]> | undefined;
  object.onExecute = (_, instanceId, resourceId) => {
    if (resourceId === STATISTICS_START) {
      before = device.traffic();
      for (const id of COUNTERS) object.set(instanceId, id, 0);
    } else if (before !== undefined) {
      const now = device.traffic();
      const sent = now.sentBytes - before.sentBytes;
      const received = now.receivedBytes - before.receivedBytes;
      const messages = Math.max(now.messages - before.messages, 1);
      object.set(instanceId, STATISTICS_TX_DATA, Math.ceil(sent / 1000));
      object.set(instanceId, STATISTICS_RX_DATA, Math.ceil(received / 1000));
      object.set(instanceId, STATISTICS_MAX_MESSAGE_SIZE, now.largest);
      object.set(
        instanceId,
        STATISTICS_AVERAGE_MESSAGE_SIZE,
        Math.round((sent + received) / messages),
      );
      before = undefined;
    }
    return undefined;
  };
}

const COUNTERS = [
  STATISTICS_SMS_TX_COUNTER,
  STATISTICS_SMS_RX_COUNTER,
  STATISTICS_TX_DATA,
  STATISTICS_RX_DATA,
  STATISTICS_MAX_MESSAGE_SIZE,
  STATISTICS_AVERAGE_MESSAGE_SIZE,
];

function runLog(object: LwM2mObject): void {
  for (const id of [EVENT_LOG_START, EVENT_LOG_STOP]) object.set(0, id, true);
  object.onExecute = (_, instanceId, resourceId) => {
    const running = resourceId === EVENT_LOG_START;
    object.set(instanceId, EVENT_LOG_STATUS, running ? 0 : STOPPED | HAS_CONTENT);
    return undefined;
  };
}
