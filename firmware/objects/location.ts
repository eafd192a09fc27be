/**
 * Location (6): where the device is, as its receiver tells the application (LwM2M Core 1.2.2 §E.7).
 */
import {
  LOCATION,
  LOCATION_ALTITUDE,
  LOCATION_LATITUDE,
  LOCATION_LONGITUDE,
  LOCATION_RADIUS,
  LOCATION_SPEED,
  LOCATION_TIMESTAMP,
  LOCATION_VELOCITY,
} from "../../protocol/model/objects/location.ts";
import { LwM2mObject } from "./lwm2m-object.ts";
import { misuse } from "./misuse.ts";

export interface Fix {
  /** Degrees, north positive. */
  readonly latitude: number;
  /** Degrees, east positive. */
  readonly longitude: number;
  /** Metres above sea level. */
  readonly altitude?: number;
  /** Metres around it that the device may be in. */
  readonly radius?: number;
  /** Metres per second. */
  readonly speed?: number;
  /** Degrees from north, clockwise; with a speed it makes the velocity. */
  readonly bearing?: number;
  /** Seconds since 1970. */
  readonly time: number;
}

const KILOMETERS_PER_HOUR = 3.6;
const FASTEST = 65535;

/** Object 6 at a first place. Throws `object/value-wrong` as `setLocation`. */
export function locationObject(fix: Fix): LwM2mObject {
  const object = new LwM2mObject(LOCATION);
  object.create(0, {
    [LOCATION_LATITUDE]: fix.latitude,
    [LOCATION_LONGITUDE]: fix.longitude,
    [LOCATION_TIMESTAMP]: Math.floor(fix.time),
  });
  setLocation(object, fix);
  return object;
}

/** The device is here now. What a fix does not say is not there any more. Throws `object/value-wrong` for a place that is none. */
export function setLocation(object: LwM2mObject, fix: Fix): void {
  const isPlace = Math.abs(fix.latitude) <= 90 && Math.abs(fix.longitude) <= 180;
  if (!isPlace) throw misuse("object/value-wrong", `${fix.latitude}, ${fix.longitude}`);
  const { speed, bearing } = fix;
  object.set(0, LOCATION_LATITUDE, fix.latitude);
  object.set(0, LOCATION_LONGITUDE, fix.longitude);
  put(object, LOCATION_ALTITUDE, fix.altitude);
  put(object, LOCATION_RADIUS, fix.radius);
  put(object, LOCATION_SPEED, speed);
  if (speed !== undefined && bearing !== undefined) {
    object.set(0, LOCATION_VELOCITY, horizontalVelocity(speed, bearing));
  } else object.unset(0, LOCATION_VELOCITY);
  object.set(0, LOCATION_TIMESTAMP, Math.floor(fix.time));
}

/** Horizontal velocity as 3GPP TS 23.032 has it: 4 bits of type, 0, and 3 spare ones, 9 of bearing, 16 of speed in km/h. */
function horizontalVelocity(speed: number, bearing: number): Uint8Array {
  const degrees = (((Math.round(bearing) % 360) + 360) % 360) | 0;
  const kilometers = Math.min(Math.round(speed * KILOMETERS_PER_HOUR), FASTEST);
  return new Uint8Array([degrees >> 8, degrees & 255, kilometers >> 8, kilometers & 255]);
}

function put(object: LwM2mObject, resourceId: number, value: number | undefined): void {
  if (value === undefined) object.unset(0, resourceId);
  else object.set(0, resourceId, value);
}
