/**
 * Two places for a program in flash, of which one runs while the other takes the next: which of them a boot starts, and what became of
 * one that was tried. The boot program of a board asks, and the program that runs; all that they share is in flash.
 *
 * A slot is a file: a signed package (package-envelope.ts), and behind it a log of 16 units, each written once.
 *
 *     +----------+-------+------+-------------------------------------+
 *     | envelope | image | 0xFF | log: kind, generation, complement, 0 |      a unit: 1 + 2 + 3 + 2 bytes
 *     +----------+-------+------+-------------------------------------+
 *                               8 * n
 *
 *   TRY     it is to be started; `generation` is higher than that of any program before
 *   BOOT    it is being started: three times at most
 *   GOOD    it has shown that it works: from now on it is what a boot starts
 *   FAILED  it has not
 *
 * A file without a log, as it comes with the board, is good. A unit that a power cut left in part says nothing: with its complement
 * beside it, it cannot look like another. So whatever is cut, the slot that was good before is good after it.
 */
import { equalBytes } from "../../protocol/bytes/equal.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Envelope } from "./package-envelope.ts";
import { decodeEnvelope, LONGEST_ENVELOPE } from "./package-envelope.ts";
import type { FlashFiles } from "./ports.ts";

export const SLOTS: readonly string[] = ["dormouse.a", "dormouse.b"];

/** The other one. */
export function otherSlot(name: string): string {
  return SLOTS[name === SLOTS[0] ? 1 : 0];
}

export const TRY = 0x54;
export const BOOT = 0x42;
export const GOOD = 0x47;
export const FAILED = 0x46;

/** Flash is written in units of so many bytes. */
export const UNIT = 8;
const LOG_UNITS = 16;
export const LOG_LENGTH = LOG_UNITS * UNIT;
/** Starts of a program that is being tried. */
export const MOST_BOOTS = 3;
/** TRY, the boots, and GOOD or FAILED. */
const UNITS_OF_TRIAL = MOST_BOOTS + 2;
const ERASED = 0xff;

export interface Slot {
  readonly name: string;
  readonly envelope: Envelope;
  /** Where the log begins; 0 for a file without one. */
  readonly logAt: number;
  /** Of the last TRY; 0 when there was none. */
  generation: number;
  /** Since then. */
  boots: number;
  isGood: boolean;
  hasFailed: boolean;
  /** Units of the log that are written. */
  used: number;
}

/** Bytes of a package. */
export function packageLength(envelope: Envelope): number {
  return envelope.length + envelope.manifest.size;
}

/** Bytes of the file that a package needs. */
export function slotLength(length: number): number {
  return logAfter(length) + LOG_LENGTH;
}

function logAfter(length: number): number {
  return Math.ceil(length / UNIT) * UNIT;
}

/** What a slot holds, which may not be whole; undefined when it holds nothing that begins as a package. */
export function readSlot(files: FlashFiles, name: string): Slot | undefined {
  const envelope = decodeEnvelope(files.read(name, 0, LONGEST_ENVELOPE));
  if (envelope === undefined || isMalformed(envelope)) return undefined;
  const length = packageLength(envelope);
  const size = files.size(name);
  const isBare = size === length;
  if (!isBare && size !== slotLength(length)) return undefined;
  const slot: Slot = {
    name: name,
    envelope: envelope,
    logAt: isBare ? 0 : logAfter(length),
    generation: 0,
    boots: 0,
    isGood: isBare,
    hasFailed: false,
    used: 0,
  };
  if (!isBare) readLog(slot, files.read(name, slot.logAt, LOG_LENGTH));
  return slot;
}

function readLog(slot: Slot, log: Uint8Array): void {
  while (slot.used < LOG_UNITS && !isErased(log, slot.used * UNIT)) {
    const at = slot.used * UNIT;
    slot.used++;
    let isWhole = true;
    for (let i = 0; i < 3; i++) isWhole = isWhole && (log[at + i] ^ log[at + 3 + i]) === ERASED;
    if (isWhole) note(slot, log[at], log[at + 1] * 256 + log[at + 2]);
  }
}

function isErased(log: Uint8Array, at: number): boolean {
  for (let i = 0; i < UNIT; i++) if (log[at + i] !== ERASED) return false;
  return true;
}

function note(slot: Slot, kind: number, generation: number): void {
  if (kind === BOOT) slot.boots++;
  else if (kind === GOOD) slot.isGood = true;
  else if (kind === FAILED) slot.hasFailed = true;
  else if (kind === TRY) {
    slot.generation = generation;
    slot.boots = 0;
    slot.isGood = false;
    slot.hasFailed = false;
  }
}

/** Writes into the log of a slot. False when it cannot be. */
export function mark(files: FlashFiles, slot: Slot, kind: number, generation: number): boolean {
  if (slot.logAt === 0 || slot.used >= LOG_UNITS) return false;
  const unit = new Uint8Array(UNIT);
  unit[0] = kind;
  unit[1] = generation >> 8;
  unit[2] = generation & 255;
  for (let i = 0; i < 3; i++) unit[3 + i] = unit[i] ^ ERASED;
  const at = slot.logAt + slot.used * UNIT;
  slot.used++;
  if (!files.write(slot.name, unit, at)) return false;
  note(slot, kind, generation);
  return true;
}

/** True while a program is being tried, or is to be. */
export function isOnTrial(slot: Slot): boolean {
  return slot.generation > 0 && !slot.isGood && !slot.hasFailed;
}

/** Has a slot tried at the next boot. False when its log has no room for another trial, or cannot be written. */
export function beginTrial(files: FlashFiles, slot: Slot): boolean {
  if (slot.used + UNITS_OF_TRIAL > LOG_UNITS) return false;
  const other = readSlot(files, otherSlot(slot.name));
  const before = other === undefined ? 0 : other.generation;
  return mark(files, slot, TRY, Math.max(slot.generation, before) + 1);
}

/** True when the image is the one that its manifest is of, or this board cannot say. */
export function isIntact(files: FlashFiles, slot: Slot): boolean {
  const { envelope, name } = slot;
  const digest = files.digest(name, envelope.length, envelope.manifest.size);
  return digest === undefined || equalBytes(digest, envelope.manifest.digest);
}

/**
 * The slot that a boot has to start, marked as being started where it is on trial; undefined when there is none. To be called once in
 * each boot.
 */
export function slotToStart(files: FlashFiles): Slot | undefined {
  const slots: Slot[] = [];
  for (let i = 0; i < SLOTS.length; i++) {
    const slot = readSlot(files, SLOTS[i]);
    if (slot === undefined) continue;
    if (isOnTrial(slot)) {
      const mayStart = slot.boots < MOST_BOOTS && isIntact(files, slot);
      if (mayStart && mark(files, slot, BOOT, slot.generation)) return slot;
      mark(files, slot, FAILED, slot.generation);
    }
    slots.push(slot);
  }
  return bestOf(files, slots);
}

/** Of the good ones the newest; what has not shown that it works only where nothing else is left. */
function bestOf(files: FlashFiles, slots: readonly Slot[]): Slot | undefined {
  const whole = slots.filter(function (slot) {
    return isIntact(files, slot);
  });
  let best = whole[0];
  for (let i = 1; i < whole.length; i++) if (isBetter(whole[i], best)) best = whole[i];
  return best;
}

function isBetter(slot: Slot, than: Slot): boolean {
  return slot.isGood === than.isGood ? slot.generation > than.generation : slot.isGood;
}
