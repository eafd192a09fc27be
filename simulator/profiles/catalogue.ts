import { MBED } from "./mbed.ts";
import { METER } from "./meter.ts";
import type { Profile } from "./profile.ts";
import { REPORTER } from "./reporter.ts";
import { SENSOR } from "./sensor.ts";
import { SLEEPER } from "./sleeper.ts";

/** The kinds of device that fleets know by name. */
export const PROFILES: readonly Profile[] = [SENSOR, METER, SLEEPER, REPORTER, MBED];

export function profileNamed(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}
