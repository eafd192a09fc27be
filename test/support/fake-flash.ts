/**
 * Files in flash as a board has them, whose power can be cut at any step of any write: what was being written is there in part, what
 * would have come after it is not.
 */
import type { FlashFiles } from "../../firmware/update/ports.ts";
import { NODE_CRYPTO } from "../../host/node-crypto.ts";

interface FlashFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const HEADER = 32;
const ERASED = 0xff;

export class FakeFlash implements FlashFiles {
  /** Steps that change flash, so far. */
  steps = 0;
  /** The step at which the power goes; nothing is written from then on. */
  cutAt = Number.POSITIVE_INFINITY;
  /** Of the step that is cut: bytes of it that are written all the same. */
  bytesOfCut = 0;
  /** False on a board without SHA-256. */
  hashes = true;
  private files: FlashFile[] = [];
  private trash = 0;
  private readonly capacity: number;

  constructor(capacity = 256 * 1024) {
    this.capacity = capacity;
  }

  get isCut(): boolean {
    return this.steps > this.cutAt;
  }

  /** The power is back, for good. */
  restore(): void {
    this.steps = 0;
    this.cutAt = Number.POSITIVE_INFINITY;
  }

  /** As it is, to be tried in another way. */
  copy(): FakeFlash {
    const twin = new FakeFlash(this.capacity);
    twin.files = this.files.map(({ name, bytes }) => ({ name, bytes: bytes.slice() }));
    twin.trash = this.trash;
    return twin;
  }

  /** Puts a file there, as a board comes with it. */
  put(name: string, bytes: Uint8Array): void {
    this.erase(name);
    this.files.push({ name, bytes: bytes.slice() });
    this.restore();
  }

  size(name: string): number | undefined {
    return this.find(name)?.bytes.length;
  }

  read(name: string, offset: number, length: number): Uint8Array {
    return this.find(name)?.bytes.slice(offset, offset + length) ?? new Uint8Array(0);
  }

  create(name: string, bytes: Uint8Array, size: number): boolean {
    this.erase(name);
    if (this.free() < size) return false;
    // The header, then what stands behind it.
    if (!this.step()) return false;
    this.files.push({ name, bytes: new Uint8Array(size).fill(ERASED) });
    return this.write(name, bytes, 0);
  }

  write(name: string, bytes: Uint8Array, offset: number): boolean {
    const file = this.find(name);
    if (offset % 8 !== 0) throw new Error(`${name}: ${offset} is in the middle of a unit`);
    if (file === undefined || offset + bytes.length > file.bytes.length) return false;
    if (file.bytes.subarray(offset, offset + bytes.length).some((byte) => byte !== ERASED)) {
      return false;
    }
    const isWhole = this.step();
    const isTheCut = this.steps === this.cutAt + 1;
    const written = isWhole ? bytes.length : isTheCut ? this.bytesOfCut : 0;
    file.bytes.set(bytes.subarray(0, written), offset);
    return isWhole;
  }

  erase(name: string): void {
    const file = this.find(name);
    if (file === undefined || !this.step()) return;
    this.files = this.files.filter((other) => other !== file);
    this.trash += file.bytes.length + HEADER;
  }

  digest(name: string, offset: number, length: number): Uint8Array | undefined {
    return this.hashes ? NODE_CRYPTO.sha256(this.read(name, offset, length)) : undefined;
  }

  free(): number {
    const used = this.files.reduce((sum, { bytes }) => sum + bytes.length + HEADER, 0);
    return this.capacity - used - this.trash - HEADER;
  }

  /** Makes room of what was erased. */
  compact(): void {
    this.trash = 0;
  }

  private find(name: string): FlashFile | undefined {
    return this.files.find((file) => file.name === name);
  }

  private step(): boolean {
    this.steps++;
    return this.steps <= this.cutAt;
  }
}
