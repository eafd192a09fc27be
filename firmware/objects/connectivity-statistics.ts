/**
 * Connectivity Statistics (7): what the device has sent and received while it was asked to count (LwM2M Core 1.2.2 §E.8).
 *
 * Traffic is counted where it passes, in the board's datagrams, and streams likewise:
 *
 *     const statistics = connectivityStatisticsObject();
 *     const board = { ...nodeBoard, datagrams: countedDatagrams(nodeBoard.datagrams, statistics) };
 *
 * Values are brought up to date every few seconds and at the end, not with each message: a notification is traffic itself, and so
 * is each block of a long answer, which must not differ from the block before.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import {
  CONNECTIVITY_STATISTICS,
  STATISTICS_AVERAGE_MESSAGE_SIZE,
  STATISTICS_COLLECTION_PERIOD,
  STATISTICS_MAX_MESSAGE_SIZE,
  STATISTICS_RX_DATA,
  STATISTICS_SMS_RX_COUNTER,
  STATISTICS_SMS_TX_COUNTER,
  STATISTICS_START,
  STATISTICS_STOP,
  STATISTICS_TX_DATA,
} from "../../protocol/model/objects/connectivity-statistics.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { Datagrams } from "../ports.ts";
import type { ObjectMachine } from "./lwm2m-object.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

/** Kilobytes are counted up: a device that said something has sent more than nothing. */
const KILOBYTE = 1000;
const TELL_INTERVAL: Milliseconds = 5 * SECOND;
/** 2^31 - 1 seconds. */
const LONGEST_PERIOD = 2147483647;

const COUNTERS: readonly number[] = [
  STATISTICS_TX_DATA,
  STATISTICS_RX_DATA,
  STATISTICS_MAX_MESSAGE_SIZE,
  STATISTICS_AVERAGE_MESSAGE_SIZE,
];

export function connectivityStatisticsObject(): LwM2mObject {
  const object = new LwM2mObject(CONNECTIVITY_STATISTICS);
  object.create(0, {
    [STATISTICS_SMS_TX_COUNTER]: 0,
    [STATISTICS_SMS_RX_COUNTER]: 0,
    [STATISTICS_TX_DATA]: 0,
    [STATISTICS_RX_DATA]: 0,
    [STATISTICS_MAX_MESSAGE_SIZE]: 0,
    [STATISTICS_AVERAGE_MESSAGE_SIZE]: 0,
    [STATISTICS_COLLECTION_PERIOD]: 0,
  });
  object.onCheck = isAcceptable;
  object.onWrite = handleWrite;
  object.onExecute = execute;
  return object;
}

/** A datagram passed. */
export function countDatagram(object: LwM2mObject, length: number, isSent: boolean): void {
  const collection = object.machine as Collection | undefined;
  if (collection !== undefined) collection.count(length, isSent);
}

/** A short message passed; where there is a bearer for them. */
export function countShortMessage(object: LwM2mObject, isSent: boolean): void {
  const collection = object.machine as Collection | undefined;
  if (collection === undefined || !collection.isRunning) return;
  const resourceId = isSent ? STATISTICS_SMS_TX_COUNTER : STATISTICS_SMS_RX_COUNTER;
  object.set(0, resourceId, (object.get(0, resourceId) as number) + 1);
}

/** The same datagrams, or streams, counted. */
export function countedDatagrams(datagrams: Datagrams, object: LwM2mObject): Datagrams {
  return {
    open: function (host, port, receive) {
      const channel = datagrams.open(host, port, function (datagram) {
        countDatagram(object, datagram.length, false);
        receive(datagram);
      });
      return {
        send: function (datagram) {
          countDatagram(object, datagram.length, true);
          channel.send(datagram);
        },
        close: function () {
          channel.close();
        },
      };
    },
  };
}

/** One collection of an object, from Start to Stop or to the end of its period. */
class Collection implements ObjectMachine {
  isRunning = false;
  private readonly object: LwM2mObject;
  private sent = 0;
  private received = 0;
  private messages = 0;
  private longest = 0;
  /** Undefined until the next timeout says what time it is. */
  private startedAt: Milliseconds | undefined = undefined;
  private tellAt: Milliseconds = NEVER;

  constructor(object: LwM2mObject) {
    this.object = object;
  }

  start(): void {
    this.sent = 0;
    this.received = 0;
    this.messages = 0;
    this.longest = 0;
    this.isRunning = true;
    this.startedAt = undefined;
    this.object.set(0, STATISTICS_SMS_TX_COUNTER, 0);
    this.object.set(0, STATISTICS_SMS_RX_COUNTER, 0);
    this.tell();
  }

  stop(): void {
    if (!this.isRunning) return;
    this.tell();
    this.isRunning = false;
  }

  count(length: number, isSent: boolean): void {
    // Nothing at all is the end of a stream.
    if (!this.isRunning || length === 0) return;
    this.messages++;
    this.longest = Math.max(this.longest, length);
    if (isSent) this.sent += length;
    else this.received += length;
  }

  private value(resourceId: number): number {
    switch (resourceId) {
      case STATISTICS_TX_DATA:
        return Math.ceil(this.sent / KILOBYTE);
      case STATISTICS_RX_DATA:
        return Math.ceil(this.received / KILOBYTE);
      case STATISTICS_MAX_MESSAGE_SIZE:
        return this.longest;
      default:
        return Math.round((this.sent + this.received) / Math.max(this.messages, 1));
    }
  }

  deadline(): Milliseconds {
    if (!this.isRunning) return NEVER;
    return this.startedAt === undefined ? 0 : Math.min(this.endsAt(), this.tellAt);
  }

  handleTimeout(now: Milliseconds): void {
    if (!this.isRunning) return;
    if (this.startedAt === undefined) this.startedAt = now;
    else if (now >= this.endsAt()) {
      this.stop();
      return;
    } else if (now >= this.tellAt) this.tell();
    else return;
    this.tellAt = now + TELL_INTERVAL;
  }

  private endsAt(): Milliseconds {
    const seconds = this.object.get(0, STATISTICS_COLLECTION_PERIOD) as number | undefined;
    if (this.startedAt === undefined || seconds === undefined || seconds === 0) return NEVER;
    return this.startedAt + seconds * SECOND;
  }

  private tell(): void {
    for (let i = 0; i < COUNTERS.length; i++) {
      this.object.set(0, COUNTERS[i], this.value(COUNTERS[i]));
    }
  }
}

function isAcceptable(
  _object: LwM2mObject,
  _instanceId: number,
  _resourceId: number,
  value: Value,
): boolean {
  return typeof value === "number" && value >= 0 && value <= LONGEST_PERIOD;
}

/** Another period holds for a collection under way, too. */
function handleWrite(object: LwM2mObject): void {
  if (object.listener !== undefined) object.listener.wake();
}

function execute(object: LwM2mObject, _instanceId: number, resourceId: number): undefined {
  if (object.machine === undefined) object.machine = new Collection(object);
  const collection = object.machine as Collection;
  if (resourceId === STATISTICS_START) collection.start();
  else if (resourceId === STATISTICS_STOP) collection.stop();
}
