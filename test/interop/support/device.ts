/** Our agent as the suites run it: objects 3, 3303 and 3442, every content format, one server on 127.0.0.1. */
import type { AgentEvent } from "../../../firmware/agent/agent.ts";
import { Agent } from "../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../firmware/agent/all-codecs.ts";
import type { Reported } from "../../../firmware/agent/reporting/samples.ts";
import type { SendOptions } from "../../../firmware/agent/reporting/send-queue.ts";
import { NODE_SETTINGS, NodeBoard } from "../../../firmware/boards/node/main.ts";
import { run } from "../../../firmware/loop.ts";
import type { ResourceValues } from "../../../firmware/objects/lwm2m-object.ts";
import { LwM2mObject } from "../../../firmware/objects/lwm2m-object.ts";
import { DEVICE } from "../../../protocol/model/objects/device.ts";
import {
  APPLICATION_TYPE,
  SENSOR_UNITS,
  SENSOR_VALUE,
} from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { TEST_OBJECT_1_1 } from "../../../protocol/model/objects/test-object-1-1.ts";
import { EventLog } from "./event-log.ts";

const SHORT_SERVER_ID = 1;

/** What a server reads at /3/0. */
export const DEVICE_VALUES = {
  "/3/0/0": "Dormouse",
  "/3/0/1": "Größe M",
  "/3/0/2": "0001",
  "/3/0/6/0": 1,
  "/3/0/6/1": 5,
  "/3/0/7/0": 3800,
  "/3/0/7/1": 5000,
  "/3/0/9": 95,
  "/3/0/11/0": 0,
};

/** What a server reads at /3442/0: integers beyond 2^53 as decimal text, bytes as hex, times as seconds. */
export const TEST_VALUES = {
  "/3442/0/110": "naïve text",
  "/3442/0/120": "-9223372036854775808",
  "/3442/0/125": "18446744073709551615",
  "/3442/0/130": 0.1,
  "/3442/0/140": true,
  "/3442/0/150": "0001fe80ff",
  "/3442/0/160": 1_700_000_000,
  "/3442/0/170": "3:0",
  "/3442/0/1110/0": "zero",
  "/3442/0/1110/1": "one",
  "/3442/0/1120/0": -1,
  "/3442/0/1120/1": 70_000,
  "/3442/0/1130/0": -1.5,
  "/3442/0/1140/0": false,
  "/3442/0/1150/0": "cafe",
  "/3442/0/1160/0": 4_102_444_800,
  "/3442/0/1170/0": "3303:0",
};

const DEVICE_RESOURCES: ResourceValues = {
  0: "Dormouse",
  1: "Größe M",
  2: "0001",
  6: [1, 5],
  7: [3800, 5000],
  9: 95,
  11: [0],
  16: "U",
};

const TEST_RESOURCES: ResourceValues = {
  0: true,
  1: true,
  2: true,
  3: true,
  110: "naïve text",
  120: Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 0),
  125: new Uint8Array(8).fill(255),
  130: 0.1,
  140: true,
  150: Uint8Array.of(0x00, 0x01, 0xfe, 0x80, 0xff),
  160: 1_700_000_000,
  170: { objectId: 3, objectInstanceId: 0 },
  1110: ["zero", "one"],
  1120: [-1, 70_000],
  1130: [-1.5],
  1140: [false],
  1150: [Uint8Array.of(0xca, 0xfe)],
  1160: [4_102_444_800],
  1170: [{ objectId: 3303, objectInstanceId: 0 }],
};

interface DeviceOptions {
  readonly endpointName: string;
  readonly serverPort: number;
  /** Default: coap. */
  readonly scheme?: "coap" | "coap+tcp";
  /** Seconds. */
  readonly lifetime?: number;
  readonly version?: "1.0" | "1.1" | "1.2";
  readonly queueMode?: boolean;
}

export interface Device {
  readonly temperature: LwM2mObject;
  readonly test: LwM2mObject;
  /** What became of what it did by itself. */
  readonly events: EventLog<Pick<AgentEvent, "kind">>;
  /** How many its server has begun and not ended. */
  observations(): number;
  /** `/3/0/4 arguments`, in order. */
  readonly executed: string[];
  resetTestObject(): void;
  send(reported: readonly Reported[], options?: SendOptions): void;
  /** Keeps values with the time of now, for `sendRecorded`. */
  record(reported: readonly Reported[]): void;
  sendRecorded(options?: SendOptions): void;
  /** De-registers, then closes. */
  stop(): Promise<void>;
}

export function startDevice(options: DeviceOptions): Device {
  const executed: string[] = [];
  const record = (object: LwM2mObject, instance: number, resource: number, text: string) => {
    executed.push(`/${object.definition.id}/${instance}/${resource} ${text}`);
    return undefined;
  };
  const device = new LwM2mObject(DEVICE);
  device.onExecute = record;
  device.create(0, DEVICE_RESOURCES);
  const temperature = new LwM2mObject(TEMPERATURE);
  temperature.create(0, { [SENSOR_VALUE]: 20, [SENSOR_UNITS]: "Cel", [APPLICATION_TYPE]: "hall" });
  const test = new LwM2mObject(TEST_OBJECT_1_1);
  test.onExecute = record;
  test.create(0, TEST_RESOURCES);

  const { endpointName, lifetime, version, queueMode, serverPort, scheme = "coap" } = options;
  const agent = new Agent({
    endpointName,
    lifetime: lifetime ?? 300,
    version: version ?? "1.1",
    queueMode: queueMode ?? false,
    objects: [device, temperature, test],
    codecs: ALL_CODECS,
    settings: { ...NODE_SETTINGS, blockSize: 512 },
  });
  agent.addServer({ shortServerId: SHORT_SERVER_ID, uri: `${scheme}://127.0.0.1:${serverPort}` });
  const events = new EventLog<Pick<AgentEvent, "kind">>();
  const board = new NodeBoard();
  const loop = run(agent, board, ({ kind }) => events.add({ kind }));
  let isStopping = false;
  return {
    temperature,
    test,
    events,
    executed,
    observations: () => agent.links[0]?.observers?.observations.length ?? 0,
    send: (reported, sent) => {
      agent.send(board.clock.now(), reported, sent);
      agent.wake();
    },
    record: (reported) => agent.record(board.clock.now(), reported),
    sendRecorded: (sent) => {
      agent.sendRecorded(board.clock.now(), sent);
      agent.wake();
    },
    resetTestObject: () => {
      test.remove(0);
      test.create(0, TEST_RESOURCES);
    },
    stop: async () => {
      if (isStopping) return;
      isStopping = true;
      await new Promise<void>((resolve) => loop.stop(resolve));
    },
  };
}
