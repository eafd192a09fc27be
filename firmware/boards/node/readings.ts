/**
 * What this machine can tell of itself: real values from the operating system. What there is no sensor for is undefined.
 */
import { readdirSync, readFileSync } from "node:fs";
import {
  arch,
  cpus,
  freemem,
  hostname,
  loadavg,
  networkInterfaces,
  release,
  totalmem,
  type,
  uptime,
} from "node:os";

const THERMAL = "/sys/class/thermal";
const POWER_SUPPLY = "/sys/class/power_supply";
const DMI = "/sys/class/dmi/id";
const HWMON = "/sys/class/hwmon";
/** Drivers whose first sensor is the processor. Without them the first thermal zone has to do. */
const CPU_SENSORS = ["coretemp", "k10temp", "cpu_thermal", "zenpower"];
/** Percent. */
const LOW_BATTERY = 15;

export interface Identity {
  readonly manufacturer: string;
  readonly model: string;
  readonly serialNumber: string;
  /** Of the operating system. */
  readonly firmwareVersion: string;
  readonly hardwareVersion: string;
}

export interface Battery {
  /** Percent. */
  readonly level: number;
  /** Millivolt, where it is measured. */
  readonly voltage: number | undefined;
  /** /3/0/20: 0 normal, 1 charging, 2 charged, 4 low, 6 unknown. */
  readonly status: number;
}

/** Who made this machine. Firmware tables where they can be read, else what the operating system knows. */
export function identity(): Identity {
  return {
    manufacturer: text(`${DMI}/sys_vendor`) ?? type(),
    model: text(`${DMI}/product_name`) ?? cpus()[0]?.model.trim() ?? arch(),
    serialNumber: text(`${DMI}/product_serial`) ?? hostname(),
    firmwareVersion: release(),
    hardwareVersion: text(`${DMI}/product_version`) ?? arch(),
  };
}

/** Degrees Celsius. */
export function cpuTemperature(): number | undefined {
  const chips = entries(HWMON).map((name) => `${HWMON}/${name}`);
  for (const chip of chips) {
    const millidegrees = number(`${chip}/temp1_input`);
    if (CPU_SENSORS.includes(text(`${chip}/name`) ?? "") && millidegrees !== undefined) {
      return millidegrees / 1000;
    }
  }
  const zones = entries(THERMAL).filter((name) => name.startsWith("thermal_zone"));
  for (const zone of zones) {
    const millidegrees = number(`${THERMAL}/${zone}/temp`);
    if (millidegrees !== undefined) return millidegrees / 1000;
  }
  return undefined;
}

/** The last minute's, in percent of all processors; 0 on systems that do not count it. */
export function cpuLoad(): number {
  const load = (loadavg()[0] / Math.max(cpus().length, 1)) * 100;
  return Math.round(Math.min(load, 100) * 10) / 10;
}

/** Kilobytes. */
export function memoryFree(): number {
  return Math.floor(freemem() / 1024);
}

/** Kilobytes. */
export function memoryTotal(): number {
  return Math.floor(totalmem() / 1024);
}

/** Seconds since this machine started. */
export function uptimeSeconds(): number {
  return Math.floor(uptime());
}

/** Undefined on a machine without one. */
export function battery(): Battery | undefined {
  for (const name of entries(POWER_SUPPLY)) {
    const folder = `${POWER_SUPPLY}/${name}`;
    const level = number(`${folder}/capacity`);
    if (text(`${folder}/type`) !== "Battery" || level === undefined) continue;
    const microvolts = number(`${folder}/voltage_now`);
    return {
      level: Math.min(Math.max(Math.round(level), 0), 100),
      voltage: microvolts === undefined ? undefined : Math.round(microvolts / 1000),
      status: batteryStatus(text(`${folder}/status`), level),
    };
  }
  return undefined;
}

/** Addresses of this machine that others can reach it at; loopback when there is no other. */
export function ipAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all.filter((each) => !each.internal).map((each) => each.address);
  return outside.length > 0 ? outside : ["127.0.0.1"];
}

function batteryStatus(status: string | undefined, level: number): number {
  if (status === "Charging") return 1;
  if (status === "Full") return 2;
  if (status === "Discharging" || status === "Not charging") return level < LOW_BATTERY ? 4 : 0;
  return 6;
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** A file's one line; undefined when it cannot be read or says nothing. */
function text(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

function number(path: string): number | undefined {
  const found = text(path);
  const value = found === undefined ? Number.NaN : Number(found);
  return Number.isFinite(value) ? value : undefined;
}
