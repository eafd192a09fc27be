/**
 * This machine as LwM2M objects, with the values of readings.ts.
 *
 * Always there are 3 Device, 4 Connectivity Monitoring, 3320 Percentage for the processor's load and the named resource
 * `/dev/uptime`; 3303 Temperature where the processor's is measured; battery resources where there is a battery.
 */
import {
  CONNECTIVITY_AVAILABLE_NETWORK_BEARER,
  CONNECTIVITY_IP_ADDRESSES,
  CONNECTIVITY_MONITORING,
  CONNECTIVITY_NETWORK_BEARER,
  CONNECTIVITY_RADIO_SIGNAL_STRENGTH,
} from "../../../protocol/model/objects/connectivity-monitoring.ts";
import {
  DEVICE_AVAILABLE_POWER_SOURCES,
  DEVICE_BATTERY_LEVEL,
  DEVICE_BATTERY_STATUS,
  DEVICE_BINDINGS,
  DEVICE_FIRMWARE_VERSION,
  DEVICE_HARDWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MEMORY_FREE,
  DEVICE_MEMORY_TOTAL,
  DEVICE_MODEL_NUMBER,
  DEVICE_POWER_SOURCE_VOLTAGE,
  DEVICE_SERIAL_NUMBER,
  DEVICE_TIMEZONE,
  DEVICE_UTC_OFFSET,
} from "../../../protocol/model/objects/device.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { PERCENTAGE } from "../../../protocol/model/objects/percentage.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { NamedResource } from "../../../protocol/resources/named-resource.ts";
import { deviceObject } from "../../objects/device.ts";
import { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../objects/sensor.ts";
import type { NodeCalendar } from "./clock.ts";
import type { NodeBoard } from "./main.ts";
import {
  battery,
  cpuLoad,
  cpuTemperature,
  identity,
  ipAddresses,
  memoryFree,
  memoryTotal,
  uptimeSeconds,
} from "./readings.ts";

/** /4/0/0: Ethernet stands for whatever wire or radio the operating system hides. */
const ETHERNET = 41;
/** /3/0/6: direct current, internal battery. */
const DC_POWER = 0;
const INTERNAL_BATTERY = 1;

export class Machine {
  readonly objects: readonly LwM2mObject[];
  readonly resources: readonly NamedResource[];
  private readonly calendar: NodeCalendar;
  private readonly device: LwM2mObject;
  private readonly load: LwM2mObject;
  private readonly temperature: LwM2mObject | undefined;

  constructor(board: NodeBoard) {
    this.calendar = board.calendar;
    this.device = machineDevice(board);
    this.load = sensorObject(PERCENTAGE);
    addSensor(this.load, 0, cpuLoad(), "%");
    const degrees = cpuTemperature();
    if (degrees !== undefined) {
      this.temperature = sensorObject(TEMPERATURE);
      addSensor(this.temperature, 0, degrees, "Cel");
    }
    const objects = [this.device, connectivity(), this.load];
    this.objects = this.temperature === undefined ? objects : [...objects, this.temperature];
    const uptime = new NamedResource("/dev/uptime", { type: "uptime", allowed: 0 });
    uptime.onRead = uptimeSeconds;
    this.resources = [uptime];
  }

  /** Takes back what servers have written. */
  forget(): void {
    this.calendar.reset();
    this.device.set(0, DEVICE_UTC_OFFSET, utcOffset());
    this.device.set(0, DEVICE_TIMEZONE, timezone());
  }

  /** Measures again. Observers hear of what changed, as their attributes say. */
  refresh(): void {
    this.device.set(0, DEVICE_MEMORY_FREE, memoryFree());
    this.load.set(0, SENSOR_VALUE, cpuLoad());
    const degrees = cpuTemperature();
    if (degrees !== undefined) this.temperature?.set(0, SENSOR_VALUE, degrees);
    const power = battery();
    if (power === undefined) return;
    this.device.set(0, DEVICE_BATTERY_LEVEL, power.level);
    this.device.set(0, DEVICE_BATTERY_STATUS, power.status);
  }
}

/** Name of the IANA database, as /3/0/15 wants it. */
function timezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function machineDevice(board: NodeBoard): LwM2mObject {
  const { manufacturer, model, serialNumber, firmwareVersion, hardwareVersion } = identity();
  const power = battery();
  return deviceObject(board.calendar, board.power, {
    [DEVICE_MANUFACTURER]: manufacturer,
    [DEVICE_MODEL_NUMBER]: model,
    [DEVICE_SERIAL_NUMBER]: serialNumber,
    [DEVICE_FIRMWARE_VERSION]: firmwareVersion,
    [DEVICE_HARDWARE_VERSION]: hardwareVersion,
    [DEVICE_BINDINGS]: "UT",
    [DEVICE_MEMORY_FREE]: memoryFree(),
    [DEVICE_MEMORY_TOTAL]: memoryTotal(),
    [DEVICE_UTC_OFFSET]: utcOffset(),
    [DEVICE_TIMEZONE]: timezone(),
    [DEVICE_AVAILABLE_POWER_SOURCES]: [power === undefined ? DC_POWER : INTERNAL_BATTERY],
    [DEVICE_POWER_SOURCE_VOLTAGE]: power?.voltage === undefined ? undefined : [power.voltage],
    [DEVICE_BATTERY_LEVEL]: power?.level,
    [DEVICE_BATTERY_STATUS]: power?.status,
  });
}

function connectivity(): LwM2mObject {
  const object = new LwM2mObject(CONNECTIVITY_MONITORING);
  object.create(0, {
    [CONNECTIVITY_NETWORK_BEARER]: ETHERNET,
    [CONNECTIVITY_AVAILABLE_NETWORK_BEARER]: [ETHERNET],
    [CONNECTIVITY_RADIO_SIGNAL_STRENGTH]: 0,
    [CONNECTIVITY_IP_ADDRESSES]: ipAddresses(),
  });
  return object;
}

/** `+02:00` (ISO 8601), as /3/0/14 wants it. */
function utcOffset(): string {
  const minutes = -new Date().getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${sign}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
