/** A file of batches in memory that fails when it is told to, and knows what each moment would have left of it. */
import type {
  About,
  Amendment,
  BatchFile,
  Quarantined,
  WriteFault,
} from "../../../../connector/store/batch-file.ts";

export class ScriptedFile implements BatchFile {
  kept: About | undefined = undefined;
  readonly journal = new Map<number, Buffer>();
  readonly aside: Quarantined[] = [];
  /** Thrown by every write until it is undefined again. */
  fault: WriteFault | undefined = undefined;
  /** Called after each write that succeeded. */
  onWrite: () => void = () => {};
  isClosed = false;

  about(): About | undefined {
    return this.kept;
  }

  batches(): Iterable<readonly [number: number, batch: Buffer]> {
    return [...this.journal].sort(([a], [b]) => a - b);
  }

  quarantined(): number {
    return this.aside.length;
  }

  amend({ about, put = [], remove = [], quarantine = [] }: Amendment): void {
    this.failIfTold();
    this.kept = about ?? this.kept;
    for (const number of remove) this.journal.delete(number);
    for (const [number, batch] of put) this.journal.set(number, Buffer.from(batch));
    this.aside.push(...quarantine);
  }

  async append(number: number, batch: Buffer, dropFrom: number, dropTo: number): Promise<void> {
    await Promise.resolve();
    this.failIfTold();
    this.journal.set(number, Buffer.from(batch));
    for (let old = dropFrom; old < dropTo; old++) this.journal.delete(old);
    this.onWrite();
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** What a process that opened the file now would find. */
  copy(): ScriptedFile {
    const copy = new ScriptedFile();
    copy.kept = this.kept;
    for (const [number, batch] of this.journal) copy.journal.set(number, Buffer.from(batch));
    return copy;
  }

  private failIfTold(): void {
    if (this.fault !== undefined) {
      throw Object.assign(new Error("told to fail"), { code: this.fault });
    }
  }
}
