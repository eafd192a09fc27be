/**
 * The two devices that Device Connector's documentation speaks of, as plain CoAP devices of mbed's kind with named resources:
 * node-001 of type Light, and node-003 of type QueueModeNode, which sleeps. Their readings change by themselves.
 */
import { NodeDevice } from "../firmware/boards/node/main.ts";
import { decodeUtf8 } from "../protocol/bytes/utf8.ts";
import { TEXT } from "../protocol/coap/content-formats.ts";
import {
  DELETE_ALLOWED,
  NamedResource,
  POST_ALLOWED,
  PUT_ALLOWED,
} from "../protocol/resources/named-resource.ts";

const LIGHT_LIFETIME = 600;
/** An Update every 120 s; awake for 93 s after it, asleep for the remaining 27 s. */
const SLEEPER_LIFETIME = 240;
const REFRESH_INTERVAL = 2000;
/** Lines that `/logs/0/debug` keeps. */
const LOG_LINES = 20;
const READ_ONLY = 0;

/** node-001: a light with a motor, a piezo sensor, a log, and two readings. */
export function demoLight(server: string): NodeDevice {
  const speed = new NamedResource("/actuator/0/speed", {
    type: "5851",
    format: TEXT,
    observable: true,
    value: "12",
  });
  const drive = new NamedResource("/actuator/0/drive", { type: "drive", allowed: POST_ALLOWED });
  const state = new NamedResource("/led/1/state", { type: "5850", value: "0" });
  const log = new NamedResource("/logs/0/debug", {
    type: "debug",
    format: TEXT,
    allowed: DELETE_ALLOWED,
    value: "started",
  });
  const readings = new Readings();
  speed.onWrite = (_speed, value) => {
    const percent = Number(value);
    return value !== "" && percent >= 0 && percent <= 100;
  };
  drive.onExecute = (_drive, payload) => {
    const lines = `${log.value}\ndrive ${decodeUtf8(payload)}`.split("\n");
    log.set(lines.slice(-LOG_LINES).join("\n"));
    return undefined;
  };
  return new NodeDevice({
    server,
    endpointName: "node-001",
    endpointType: "Light",
    lifetime: LIGHT_LIFETIME,
    plain: true,
    resources: [speed, drive, state, log, readings.heartRate, readings.temperature, readings.power],
    makeResource: (path) =>
      new NamedResource(path, {
        format: TEXT,
        observable: true,
        allowed: PUT_ALLOWED | POST_ALLOWED | DELETE_ALLOWED,
      }),
    refresh: () => readings.refresh(),
    refreshInterval: REFRESH_INTERVAL,
  });
}

/** node-003: a battery-powered sensor that listens only for a while after it has spoken. */
export function demoSleeper(server: string): NodeDevice {
  const state = new NamedResource("/led/1/state", { type: "5850", value: "0" });
  const readings = new Readings();
  return new NodeDevice({
    server,
    endpointName: "node-003",
    endpointType: "QueueModeNode",
    lifetime: SLEEPER_LIFETIME,
    plain: true,
    queueMode: true,
    resources: [state, readings.temperature, readings.power],
    refresh: () => readings.refresh(),
    refreshInterval: REFRESH_INTERVAL,
  });
}

/** A pulse, a temperature and a power that wander around their usual values. */
class Readings {
  readonly heartRate = reading("/piezo/0/heart-rate", "heart-rate", "72");
  readonly temperature = reading("/dev/temp", "temperature", "21.5");
  readonly power = reading("/dev/power", "power", "4.20");
  private steps = 0;

  refresh(): void {
    const wave = (period: number) => Math.sin((this.steps * 2 * Math.PI) / period);
    this.steps++;
    this.heartRate.set(String(Math.round(72 + 9 * wave(17))));
    this.temperature.set((21.5 + 2 * wave(60)).toFixed(1));
    this.power.set((4.2 + 0.8 * wave(23)).toFixed(2));
  }
}

function reading(path: string, type: string, value: string): NamedResource {
  return new NamedResource(path, {
    type,
    format: TEXT,
    observable: true,
    allowed: READ_ONLY,
    value,
  });
}
