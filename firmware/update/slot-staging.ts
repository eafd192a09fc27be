/**
 * The slot that does not run as room for a package (slots.ts), and the installer that has it started by a reboot.
 *
 * What is announced is claimed at once, written once, in units of flash, and never lies in memory. After a restart what has been
 * written is told from what is still erased: an image is text, which has no long run of 0xFF.
 */
import { NO_BYTES } from "../../protocol/coap/message.ts";
import type { Power } from "../ports.ts";
import type { FlashFiles, Installer } from "./ports.ts";
import { INSTALLATION_FAILED, NO_FAULT, NO_MEMORY, NO_STORAGE } from "./ports.ts";
import type { HashedStaging } from "./signed-staging.ts";
import {
  beginTrial,
  GOOD,
  isOnTrial,
  mark,
  otherSlot,
  packageLength,
  readSlot,
  slotLength,
  UNIT,
} from "./slots.ts";

/** Bytes that an update leaves to everything else that is stored. */
const RESERVE = 4096;
/** Bytes that are looked at to find the end of what is written. */
const PROBE = 64;
const ERASED = 0xff;

export class SlotStaging implements HashedStaging {
  private readonly files: FlashFiles;
  private readonly name: string;
  /** Of the package; 0 when it is not known. */
  private total = 0;
  private size = 0;
  /** The end of what is staged, less than a unit: not written yet. */
  private rest: Uint8Array = NO_BYTES;

  /** @param name of the slot that does not run */
  constructor(files: FlashFiles, name: string) {
    this.files = files;
    this.name = name;
    this.total = stagedTotal(files, name);
    const written = this.total === 0 ? 0 : writtenLength(files, name, this.total);
    // A power cut in the middle of a unit: the rest of it cannot be written any more.
    if (written === this.total || written % UNIT === 0) this.size = written;
  }

  begin(length: number | undefined): number {
    this.files.erase(this.name);
    this.size = 0;
    this.rest = NO_BYTES;
    this.total = length === undefined ? 0 : length;
    return this.files.free() < slotLength(this.total) + RESERVE ? NO_STORAGE : NO_FAULT;
  }

  append(bytes: Uint8Array): number {
    const at = this.size - this.rest.length;
    const isEnd = this.size + bytes.length >= this.total;
    const joined = joinedBytes(this.rest, bytes);
    const count = isEnd ? joined.length : joined.length - (joined.length % UNIT);
    const whole = joined.subarray(0, count);
    const isWritten =
      this.size + bytes.length <= this.total && (count === 0 || this.write(whole, at));
    if (!isWritten) return NO_STORAGE;
    this.size += bytes.length;
    this.rest = new Uint8Array(joined.subarray(count));
    return NO_FAULT;
  }

  /** What may run again is no package to be discarded: it stays until another begins. */
  discard(): void {
    if (this.total > 0) this.files.erase(this.name);
    this.total = 0;
    this.size = 0;
    this.rest = NO_BYTES;
  }

  length(): number {
    return this.size;
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.size);
    return this.files.read(this.name, offset, Math.max(end - offset, 0));
  }

  digest(offset: number, length: number): Uint8Array | number {
    const digest = this.files.digest(this.name, offset, length);
    return digest === undefined ? NO_MEMORY : digest;
  }

  private write(bytes: Uint8Array, at: number): boolean {
    return at === 0
      ? this.files.create(this.name, bytes, slotLength(this.total))
      : this.files.write(this.name, bytes, at);
  }
}

/** Bytes of the package that a slot holds or is to hold; 0 when it holds a program that has run, or nothing. */
function stagedTotal(files: FlashFiles, name: string): number {
  const slot = readSlot(files, name);
  return slot === undefined || slot.isGood ? 0 : packageLength(slot.envelope);
}

/** How far a slot is written: the last byte of those that are not erased. */
function writtenLength(files: FlashFiles, name: string, total: number): number {
  let low = 0;
  let high = Math.ceil(total / PROBE);
  // The first probe with nothing in it is at `high`, or it is the end.
  while (low < high) {
    const middle = (low + high) >> 1;
    const bytes = files.read(name, middle * PROBE, Math.min(PROBE, total - middle * PROBE));
    if (writtenOf(bytes) === 0) high = middle;
    else low = middle + 1;
  }
  if (high === 0) return 0;
  const from = (high - 1) * PROBE;
  return from + writtenOf(files.read(name, from, Math.min(PROBE, total - from)));
}

function writtenOf(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === ERASED) length--;
  return length;
}

function joinedBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a, 0);
  joined.set(b, a.length);
  return joined;
}

export class SlotInstaller implements Installer {
  private readonly files: FlashFiles;
  private readonly running: string;
  private readonly power: Power;
  private isRebooting = false;

  /** @param running name of the slot whose program this is */
  constructor(files: FlashFiles, running: string, power: Power) {
    this.files = files;
    this.running = running;
    this.power = power;
  }

  install(): number | undefined {
    const staged = readSlot(this.files, otherSlot(this.running));
    if (staged === undefined || !beginTrial(this.files, staged)) return INSTALLATION_FAILED;
    this.reboot();
    return undefined;
  }

  /** Asked until something is decided, by whichever program runs by then. */
  outcome(): number | undefined {
    const { files, running } = this;
    const own = readSlot(files, running);
    const other = readSlot(files, otherSlot(running));
    if (own === undefined) return INSTALLATION_FAILED;
    if (isOnTrial(own)) return undefined;
    if (other !== undefined && !other.isGood) {
      if (other.hasFailed) return INSTALLATION_FAILED;
      // The power was cut before it could be tried.
      if (other.generation === 0) return this.install();
      this.reboot();
      return undefined;
    }
    return own.generation > 0 ? NO_FAULT : INSTALLATION_FAILED;
  }

  /** The program that runs has shown that it works. */
  confirm(): void {
    const own = readSlot(this.files, this.running);
    if (own !== undefined && isOnTrial(own)) mark(this.files, own, GOOD, own.generation);
  }

  private reboot(): void {
    if (!this.isRebooting) this.power.reboot();
    this.isRebooting = true;
  }
}
