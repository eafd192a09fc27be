/**
 * Event Log (20): what a device records of itself, an instance per log (OMA registry, version 2.1).
 *
 *     const log = eventLogObject();
 *     const system = new EventLog(log, 0, { logClass: LOG_SYSTEM });
 *     system.record(calendar.seconds(), "battery low");
 *
 * Events are kept from LogStart to LogStop, the newest of them: so many bytes, from which whole lines fall out at the front. Log Data
 * has a line for each, `2026-01-01T00:00:00Z battery low`, or as RFC 5424 writes it when a server has asked for that (/20/x/4015).
 */
import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { BAD_REQUEST } from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import { formatDateTime } from "../../protocol/content/date-time.ts";
import { parseArguments } from "../../protocol/lwm2m/execute-arguments.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import {
  EVENT_LOG,
  EVENT_LOG_CLASS,
  EVENT_LOG_DATA,
  EVENT_LOG_DATA_FORMAT,
  EVENT_LOG_DATA_INCREMENTAL_MINIMUM_INTERVAL,
  EVENT_LOG_START,
  EVENT_LOG_STATUS,
  EVENT_LOG_STOP,
} from "../../protocol/model/objects/event-log.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

// /20/x/4010.

export const LOG_GENERIC = 0;
export const LOG_SYSTEM = 1;
export const LOG_SECURITY = 2;
export const LOG_EVENT = 3;
export const LOG_TRACE = 4;
export const LOG_PANIC = 5;
export const LOG_CHARGING = 6;
const HIGHEST_CLASS = 255;

// Bits of /20/x/4013.

const STOPPED = 1;
const HAS_DATA = 2;

// /20/x/4015: lines of this device's own, or of RFC 5424.

const LINES = 0;
const SYSLOG = 4;

/** RFC 5424 §6.2.1: a user-level message, critical or informational. */
const CRITICAL = "<10>1";
const INFORMATIONAL = "<14>1";
const USUAL_CAPACITY = 1024;
const NEWLINE = 10;

export interface EventLogOptions {
  /** Default: generic. */
  readonly logClass?: number;
  /** Bytes of Log Data at most. Default 1024. */
  readonly capacity?: number;
}

/** Object 20 without instances. Servers cannot make logs: it is the device that has something to record. */
export function eventLogObject(): LwM2mObject {
  const object = new LwM2mObject(EVENT_LOG);
  object.isFixed = true;
  object.onCheck = isAcceptable;
  object.onExecute = execute;
  return object;
}

/** One log, stopped until a server starts it. */
export class EventLog {
  private readonly object: LwM2mObject;
  private readonly instanceId: number;
  private readonly capacity: number;

  constructor(object: LwM2mObject, instanceId: number, options: EventLogOptions) {
    const { logClass, capacity } = options;
    this.object = object;
    this.instanceId = instanceId;
    this.capacity = capacity === undefined ? USUAL_CAPACITY : capacity;
    object.create(instanceId, {
      [EVENT_LOG_CLASS]: logClass === undefined ? LOG_GENERIC : logClass,
      [EVENT_LOG_START]: true,
      [EVENT_LOG_STOP]: true,
      [EVENT_LOG_STATUS]: STOPPED,
      [EVENT_LOG_DATA]: NO_BYTES,
      [EVENT_LOG_DATA_FORMAT]: LINES,
    });
  }

  /** Records an event, if the log is running. @param seconds since 1970 */
  record(seconds: number, text: string): void {
    const object = this.object;
    const instanceId = this.instanceId;
    const status = object.get(instanceId, EVENT_LOG_STATUS) as number | undefined;
    if (status === undefined || (status & STOPPED) !== 0) return;
    const line = encodeUtf8(`${this.prefix(seconds)} ${text.split("\n").join(" ")}\n`);
    if (line.length > this.capacity) return;
    const all = object.get(instanceId, EVENT_LOG_DATA) as Uint8Array;
    const kept = all.subarray(firstKept(all, this.capacity - line.length));
    const data = new Uint8Array(kept.length + line.length);
    data.set(kept, 0);
    data.set(line, kept.length);
    object.set(instanceId, EVENT_LOG_DATA, data);
    object.set(instanceId, EVENT_LOG_STATUS, status | HAS_DATA);
  }

  private prefix(seconds: number): string {
    const object = this.object;
    const instanceId = this.instanceId;
    const time = formatDateTime(seconds);
    if (object.get(instanceId, EVENT_LOG_DATA_FORMAT) !== SYSLOG) return time;
    const isPanic = object.get(instanceId, EVENT_LOG_CLASS) === LOG_PANIC;
    // No host, program, process, message id and structured data.
    return `${isPanic ? CRITICAL : INFORMATIONAL} ${time} - - - - -`;
  }
}

/** Where the lines begin of which no more than `room` bytes are left. */
function firstKept(data: Uint8Array, room: number): number {
  let at = 0;
  while (data.length - at > room) {
    while (data[at] !== NEWLINE) at++;
    at++;
  }
  return at;
}

function isAcceptable(
  _object: LwM2mObject,
  _instanceId: number,
  resourceId: number,
  value: Value,
): boolean {
  switch (resourceId) {
    case EVENT_LOG_CLASS:
      return (value as number) >= 0 && (value as number) <= HIGHEST_CLASS;
    case EVENT_LOG_DATA_FORMAT:
      return value === LINES || value === SYSLOG;
    case EVENT_LOG_DATA_INCREMENTAL_MINIMUM_INTERVAL:
      // Never: nothing is sent by itself.
      return value === 0;
    default:
      return true;
  }
}

/** Argument 0: the data is emptied (0, the default of Start) or goes on (1); kept (0, the default of Stop) or emptied (1). */
function execute(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  text: string,
): number | undefined {
  const list = parseArguments(text);
  if (isMalformed(list) || list.length > 1) return BAD_REQUEST;
  const value = list.length === 0 ? "0" : list[0].value;
  if (list.length === 1 && (list[0].digit !== 0 || (value !== "0" && value !== "1"))) {
    return BAD_REQUEST;
  }
  const isStart = resourceId === EVENT_LOG_START;
  if (isStart === (value === "0")) object.set(instanceId, EVENT_LOG_DATA, NO_BYTES);
  const data = object.get(instanceId, EVENT_LOG_DATA) as Uint8Array;
  const status = (isStart ? 0 : STOPPED) | (data.length > 0 ? HAS_DATA : 0);
  object.set(instanceId, EVENT_LOG_STATUS, status);
  return undefined;
}
