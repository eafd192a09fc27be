/**
 * Seeded chance: the same seed gives the same run, bit for bit, on every machine.
 *
 * Not for keys or secrets. CoAP tokens of simulated devices may come from here because their peer is under test, not an
 * attacker.
 */
import type { Random } from "../protocol/ports.ts";

const TWO_TO_32 = 0x100000000;

/** A stream of pseudo-random numbers (sfc32: 128 bits of state, period at least 2^32). */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param seed any number; only its low 32 bits count */
  constructor(seed: number) {
    this.a = seed | 0;
    this.b = scramble(seed, 1);
    this.c = scramble(seed, 2);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A uniform number in [0, 1). */
  fraction(): number {
    return this.uint32() / TWO_TO_32;
  }

  /** True with the given probability, 0..1. Probability 0 draws nothing, so that an unused fault leaves a run unchanged. */
  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }
}

/**
 * A uniform number in [0, 1) that depends on nothing but its arguments.
 *
 * Gives a device its own noise without a generator of its own: the value at a tick is the same however the devices of a
 * fleet interleave.
 */
export function noise(seed: number, tick: number): number {
  return (scramble(seed, tick) >>> 0) / TWO_TO_32;
}

/** The seed of one member of a fleet. */
export function memberSeed(fleetSeed: number, index: number): number {
  return scramble(fleetSeed, index + 0x10000) >>> 0;
}

/** Mixes two integers into 32 well-spread bits (the finalizer of MurmurHash3, twice). */
function scramble(seed: number, salt: number): number {
  return finalize(finalize(seed | 0) ^ Math.imul(salt, 0x9e3779b1));
}

function finalize(bits: number): number {
  let mixed = (bits + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
