/**
 * How long a battery lasts a device that reports: the charge of what it does in a day, against what a battery gives. The table of
 * docs/boards.md is made of it (`scripts/battery-life.ts`).
 *
 * Charge is in milliampere-seconds (mAs) or milliampere-hours (mAh), current in milliamperes (mA).
 */

const DAY_SECONDS = 86_400;
const YEAR_DAYS = 365.25;
const HOUR_SECONDS = 3600;
/** Cells age, whatever is drawn: more is not believed. */
const LONGEST_YEARS = 15;

/** What a board draws. */
export interface BoardDraw {
  readonly name: string;
  /** Everything is off but the clock. */
  readonly deepSleep: number;
  /** The interpreter waits, the radio is off. */
  readonly lightSleep: number;
  /** The interpreter works, the radio is off. */
  readonly awake: number;
  /** The radio listens. */
  readonly receiving: number;
  /** The radio sends. */
  readonly sending: number;
  /** Seconds from deep sleep until the program runs. */
  readonly boot: number;
  /** Seconds from the radio's start until the network is joined, an address included. */
  readonly join: number;
  /** Bits per second on the air. */
  readonly rate: number;
}

export interface Battery {
  readonly name: string;
  /** mAh, from full until the board's voltage is not reached any more. */
  readonly capacity: number;
  /** Of the capacity, per year, by itself. */
  readonly selfDischarge: number;
}

export interface Profile {
  /** Seconds between reports. */
  readonly reportInterval: number;
  /** Bytes of a report's payload. */
  readonly payload: number;
  /** Seconds of the registration. */
  readonly lifetime: number;
  /** Between its contacts the board is off, or else rests with its radio off. */
  readonly sleep: "deep" | "light";
  /** Seconds to listen after the last message. */
  readonly awakeFor: number;
}

/** One contact, from waking to sleeping. */
export interface Contact {
  /** Seconds. */
  readonly duration: number;
  /** mAs. */
  readonly charge: number;
}

/** IP and UDP headers and the radio's own around a datagram, bytes. */
const FRAMING = 28 + 62;
/** An Update without parameters, a notification beside its payload, an acknowledgement: CoAP's bytes. */
const UPDATE = 40;
const NOTIFICATION = 16;
const ACKNOWLEDGEMENT = 8;
/** From a message to its answer, seconds. */
const ROUND_TRIP = 0.1;
/** The interpreter makes or takes a message, seconds. */
const THINKING = 0.02;

/** A contact: the board wakes, joins its network, sends its Update and a report, and listens. @param payload bytes; 0 for an Update alone */
export function contactOf(board: BoardDraw, profile: Profile, payload: number): Contact {
  const boot = profile.sleep === "deep" ? board.boot : 0;
  const reports = payload > 0 ? 1 : 0;
  const out = UPDATE + FRAMING + reports * (NOTIFICATION + payload + FRAMING);
  const sending = (out * 8) / board.rate;
  const exchanges = 1 + reports;
  const receiving = exchanges * (((ACKNOWLEDGEMENT + FRAMING) * 8) / board.rate + ROUND_TRIP);
  const thinking = 2 * exchanges * THINKING;
  const listening = board.join + receiving + profile.awakeFor;
  return {
    duration: boot + thinking + sending + listening,
    charge:
      boot * board.awake +
      thinking * board.receiving +
      sending * board.sending +
      listening * board.receiving,
  };
}

/** Contacts of a day: reports, and the Updates that fall due between them. */
export function contactsPerDay({ reportInterval, lifetime }: Profile): {
  reports: number;
  updates: number;
} {
  const reports = DAY_SECONDS / reportInterval;
  // As registration.ts has it; a contact for a report begins with an Update.
  const updateEvery = Math.max(lifetime / 2, lifetime - 247);
  const updates = updateEvery >= reportInterval ? 0 : DAY_SECONDS / updateEvery - reports;
  return { reports, updates };
}

/** mAh that a day takes. */
export function chargePerDay(board: BoardDraw, profile: Profile): number {
  const { reports, updates } = contactsPerDay(profile);
  const report = contactOf(board, profile, profile.payload);
  const update = contactOf(board, profile, 0);
  const busy = Math.min(reports * report.duration + updates * update.duration, DAY_SECONDS);
  const resting = profile.sleep === "deep" ? board.deepSleep : board.lightSleep;
  const charge = reports * report.charge + updates * update.charge + (DAY_SECONDS - busy) * resting;
  return charge / HOUR_SECONDS;
}

/** Years that a battery lasts; 15 at most. */
export function batteryLife(board: BoardDraw, profile: Profile, battery: Battery): number {
  const perYear = chargePerDay(board, profile) * YEAR_DAYS;
  const lost = battery.capacity * battery.selfDischarge;
  return Math.min(battery.capacity / (perYear + lost), LONGEST_YEARS);
}

/**
 * An ESP32 on a board that was made for batteries: no USB bridge, no lamp, a regulator that rests. Currents as its data sheet has them;
 * boot and join are what is usual, and differ most between boards and networks.
 */
export const ESP32_MODULE: BoardDraw = {
  name: "ESP32",
  deepSleep: 0.015,
  lightSleep: 20,
  awake: 45,
  receiving: 100,
  sending: 180,
  boot: 1.2,
  join: 2.5,
  rate: 1_000_000,
};

export const BATTERIES: readonly Battery[] = [
  // Alkaline, at low current, down to 0.9 V each.
  { name: "2xAA", capacity: 2500, selfDischarge: 0.03 },
  { name: "18650", capacity: 3000, selfDischarge: 0.1 },
  { name: "CR123", capacity: 1500, selfDischarge: 0.01 },
];
