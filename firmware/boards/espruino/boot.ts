/**
 * The boot program of a board that updates itself: `.bootcde`, which no update replaces. It starts the program of one of two slots
 * (../../update/slots.ts), and sees to it that one on trial which does not work is not started for ever.
 *
 * On trial a program that throws, runs out of memory, hangs, or has not registered when its time is over is ended by a reboot; after
 * three of them the one before it runs again. Storage is tidied here, while no program lies in it that runs.
 */
import type { Slot } from "../../update/slots.ts";
import { isOnTrial, otherSlot, readSlot, SLOTS, slotToStart } from "../../update/slots.ts";
import { ESPRUINO_FILES } from "./storage.ts";

/** In `dormouse.json`, all optional. */
interface BootSettings {
  /** Seconds that a program on trial has to register. */
  readonly trial?: number;
  /** False: Storage is never tidied, and full some day. */
  readonly tidy?: boolean;
}

const DEFAULT_TRIAL = 300;
/** A program on trial that does not return to the main loop for so long, s, hangs. */
const WATCHDOG = 60;
/** Bytes of what was erased that are worth the risk of moving everything. */
const LEAST_TRASH = 16384;
/** There while Storage is being tidied: what did not help once is not tried in each boot. */
const TIDYING = "dormouse.tidy";

const storage = require("Storage");

/** Makes room for an update where less than half of Storage is free. True when that ends in a reboot. */
function tidy(): boolean {
  const hasTried = storage.read(TIDYING) !== undefined;
  if (hasTried) storage.erase(TIDYING);
  const stats = storage.getStats();
  if (hasTried || stats.freeBytes >= stats.totalBytes / 2) return false;
  const trash = stats.trashBytes + sparedBytes();
  if (trash < LEAST_TRASH) return false;
  storage.write(TIDYING, "1");
  // In a text that is made here, and so lies in RAM: when everything has been moved, no program in flash is where it was.
  setTimeout(`require("Storage").compact();E.reboot();//${trash}`, 0);
  return true;
}

/** Erases the program before the one that runs, where there is one and nothing is on trial. Returns its bytes. */
function sparedBytes(): number {
  const [a, b] = [readSlot(ESPRUINO_FILES, SLOTS[0]), readSlot(ESPRUINO_FILES, SLOTS[1])];
  if (a === undefined || b === undefined || !a.isGood || !b.isGood) return 0;
  const older = a.generation < b.generation ? a : b;
  const size = ESPRUINO_FILES.size(older.name);
  ESPRUINO_FILES.erase(older.name);
  return size === undefined ? 0 : size;
}

/** Ends a program that does not show that it works. */
function guard(name: string, seconds: number): void {
  function giveUp(why: unknown): void {
    const slot = readSlot(ESPRUINO_FILES, name);
    if (slot === undefined || !isOnTrial(slot)) return;
    print("The program on trial has failed:", why);
    E.reboot();
  }
  process.on("uncaughtException", function (error) {
    print("Uncaught", error);
    giveUp(error);
  });
  E.on("errorFlag", function (flags) {
    if (flags.indexOf("MEMORY") >= 0) giveUp("out of memory");
  });
  setTimeout(function () {
    giveUp("not registered in time");
  }, seconds * 1000);
  E.enableWatchdog(WATCHDOG);
}

function startProgram(slot: Slot, seconds: number): void {
  const { name, envelope } = slot;
  const { version, size } = envelope.manifest;
  if (isOnTrial(slot)) {
    print("On trial:", version);
    guard(name, seconds);
  }
  dormouseSlot = name;
  setTimeout(storage.read(name, envelope.length, size) as string, 0);
}

function start(): void {
  const file = storage.readJSON("dormouse.json", true) as BootSettings | undefined;
  const settings = file === undefined ? {} : file;
  if (settings.tidy !== false && tidy()) return;
  const slot = slotToStart(ESPRUINO_FILES);
  if (slot === undefined)
    print("There is no program to start in", SLOTS[0], "or", otherSlot(SLOTS[0]));
  else startProgram(slot, settings.trial === undefined ? DEFAULT_TRIAL : settings.trial);
}

start();
