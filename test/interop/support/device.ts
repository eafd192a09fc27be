/** Our agent as the suites run it: objects 3, 3303 and 3442, every content format, one server on 127.0.0.1. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import type { AgentEvent } from "../../../firmware/agent/agent.ts";
import { Agent } from "../../../firmware/agent/agent.ts";
import type { ResourceValues } from "../../../firmware/objects/lwm2m-object.ts";
import { LwM2mObject } from "../../../firmware/objects/lwm2m-object.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { CBOR_CODEC } from "../../../protocol/content/cbor.ts";
import { OPAQUE_CODEC } from "../../../protocol/content/opaque.ts";
import { SENML_CBOR_CODEC } from "../../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../../protocol/content/senml-json.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import { DEVICE } from "../../../protocol/model/objects/device.ts";
import {
  APPLICATION_TYPE,
  SENSOR_UNITS,
  SENSOR_VALUE,
} from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { TEST_OBJECT_1_1 } from "../../../protocol/model/objects/test-object-1-1.ts";
import { NEVER } from "../../../protocol/time/duration.ts";
import { EventLog } from "./event-log.ts";

const LOOPBACK = "127.0.0.1";
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
  /** Seconds. */
  readonly lifetime?: number;
  readonly version?: "1.0" | "1.1" | "1.2";
  readonly queueMode?: boolean;
}

export interface Device {
  readonly agent: Agent;
  readonly temperature: LwM2mObject;
  readonly events: EventLog<AgentEvent>;
  /** `/3/0/4 arguments`, in order. */
  readonly executed: string[];
  resetTestObject(): void;
  /** De-registers, then closes. */
  stop(): Promise<void>;
}

export async function startDevice(options: DeviceOptions): Promise<Device> {
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

  const { endpointName, lifetime, version, queueMode } = options;
  const agent = new Agent({
    endpointName,
    lifetime: lifetime ?? 300,
    version: version ?? "1.1",
    queueMode: queueMode ?? false,
    objects: [device, temperature, test],
    codecs: [TLV_CODEC, TEXT_CODEC, OPAQUE_CODEC, CBOR_CODEC, SENML_JSON_CODEC, SENML_CBOR_CODEC],
    settings: {
      random: { uint32: () => randomInt(2 ** 32) },
      transmission: DEFAULT_TRANSMISSION,
      blockSize: 512,
      maxBody: 65_536,
      rememberedMessages: 32,
      maxRequests: 4,
    },
  });
  const stop = await drive(agent, options.serverPort);
  return {
    agent,
    temperature,
    events: stop.events,
    executed,
    resetTestObject: () => {
      test.remove(0);
      test.create(0, TEST_RESOURCES);
    },
    stop: stop.stop,
  };
}

async function drive(agent: Agent, serverPort: number) {
  const uri = `coap://${LOOPBACK}:${serverPort}`;
  const link = agent.addServer({ shortServerId: SHORT_SERVER_ID, uri });
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
  const events = new EventLog<AgentEvent>();
  let stopped: (() => void) | undefined;
  let alarm: NodeJS.Timeout | undefined;
  let isPumping = false;

  function pump(): void {
    if (isPumping) return;
    isPumping = true;
    const now = performance.now();
    agent.handleTimeout(now);
    for (let bytes = link.pollTransmit(); bytes; bytes = link.pollTransmit()) {
      socket.send(bytes, serverPort, LOOPBACK);
    }
    for (let event = agent.pollEvent(); event; event = agent.pollEvent()) events.add(event);
    isPumping = false;
    if (stopped !== undefined && agent.isStopped()) {
      stopped();
      return;
    }
    clearTimeout(alarm);
    const deadline = agent.deadline();
    if (deadline !== NEVER) alarm = setTimeout(pump, Math.max(1, deadline - performance.now()));
  }

  socket.on("message", (bytes) => {
    agent.handleDatagram(performance.now(), link, bytes);
    pump();
  });
  agent.nudge = () => setImmediate(pump);
  agent.start(performance.now());
  pump();
  return {
    events,
    stop: async () => {
      if (stopped !== undefined) return;
      const done = new Promise<void>((resolve) => {
        stopped = resolve;
      });
      agent.stop(performance.now());
      pump();
      await done;
      clearTimeout(alarm);
      socket.close();
    },
  };
}
