/**
 * Updates of a device's own program (object 5): packages that whoever holds a key has signed, put where `launch.ts` finds them.
 *
 *     +----------------------------+-----------------------+
 *     | Ed25519 signature, 64 B    | the program that it is of
 *     +----------------------------+-----------------------+
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { StagedPackage, Verdict, Verification } from "../../update/ports.ts";
import { INTEGRITY_FAILED, NO_FAULT, UNSUPPORTED_TYPE } from "../../update/ports.ts";
import { nodeFirmware } from "./firmware.ts";

const SIGNATURE_LENGTH = 64;
/** Bytes; a program is a fiftieth of that. */
const LONGEST_PROGRAM = 16 * 1024 * 1024;
/** The answer that announces it goes out before the restart, ms. */
const RESTART_DELAY = 1000;

export interface ProgramUpdateOptions {
  /** The key's public part: SubjectPublicKeyInfo in base64, as `openssl pkey -pubout -outform DER | base64` gives it. */
  readonly key: string;
  /** The service's, which outlives restarts. */
  readonly state: string;
  /** The file that runs. */
  readonly running: string;
  /** Ends the process, which its service starts again. */
  readonly restart: () => void;
}

/** Object 5 of a device whose program can be replaced. Throws when the key is none. */
export function programUpdate({ key, state, running, restart }: ProgramUpdateOptions): LwM2mObject {
  const update = join(state, "update");
  return nodeFirmware({
    folder: update,
    capacity: LONGEST_PROGRAM,
    verification: new SignedProgram(ed25519Key(key)),
    install: (file) => {
      installProgram(readFileSync(file).subarray(SIGNATURE_LENGTH), join(state, "program"));
      setTimeout(restart, RESTART_DELAY);
      // Whether it works is known when it runs.
      return new Promise(() => {});
    },
    hasInstalled: () => isProgramOf(join(update, "package"), running),
  });
}

function ed25519Key(text: string): KeyObject {
  const key = createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
  if (key.asymmetricKeyType !== "ed25519") {
    throw new Error(`"updateKey" is a key for ${key.asymmetricKeyType}, and has to be for ed25519`);
  }
  return key;
}

class SignedProgram implements Verification {
  private readonly key: KeyObject;

  constructor(key: KeyObject) {
    this.key = key;
  }

  check(staged: StagedPackage): Verdict {
    const length = staged.length();
    if (length <= SIGNATURE_LENGTH) return { fault: UNSUPPORTED_TYPE };
    const signature = staged.read(0, SIGNATURE_LENGTH);
    const program = staged.read(SIGNATURE_LENGTH, length - SIGNATURE_LENGTH);
    return { fault: verify(null, program, this.key, signature) ? NO_FAULT : INTEGRITY_FAILED };
  }
}

/** Puts a program on trial; the one before it is kept. */
export function installProgram(program: Uint8Array, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const next = join(folder, "next.mjs");
  const descriptor = openSync(next, "w", 0o600);
  try {
    for (let at = 0; at < program.length; ) at += writeSync(descriptor, program, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  const current = join(folder, "device.mjs");
  // A copy, so that there is a whole program under this name whenever the power goes.
  if (existsSync(current)) copyFileSync(current, join(folder, "previous.mjs"));
  writeFileSync(join(folder, "trial"), "0");
  renameSync(next, current);
}

function isProgramOf(file: string, running: string): boolean {
  try {
    return readFileSync(file).subarray(SIGNATURE_LENGTH).equals(readFileSync(running));
  } catch {
    return false;
  }
}
