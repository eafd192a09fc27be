/**
 * Espruino's Storage as its source has it: files one after the other, erased ones stay until everything is moved together, a file is
 * replaced by erasing it first. Its power can be cut before any of its steps. Strings are binary.
 */
interface StoredFile {
  name: string;
  content: string;
}

const HEADER = 32;
const ERASED = "\xff";

export class FakeStorage {
  /** Steps that change flash, so far. */
  steps = 0;
  cutAt = Number.POSITIVE_INFINITY;
  compactions = 0;
  readonly total: number;
  /** Erased ones have no name. */
  private files: StoredFile[] = [];

  constructor(total = 262_144) {
    this.total = total;
  }

  get isCut(): boolean {
    return this.steps > this.cutAt;
  }

  restore(): void {
    this.steps = 0;
    this.cutAt = Number.POSITIVE_INFINITY;
  }

  read(name: string, offset = 0, length = 0): string | undefined {
    const file = this.find(name);
    if (file === undefined) return undefined;
    return length === 0 ? file.content.slice(offset) : file.content.slice(offset, offset + length);
  }

  readJSON(name: string): unknown {
    const text = this.read(name);
    return text === undefined ? undefined : JSON.parse(text);
  }

  write(name: string, content: string | Uint8Array, offset = 0, size = 0): boolean {
    const text = typeof content === "string" ? content : String.fromCharCode(...content);
    const length = size === 0 ? text.length : size;
    let file = this.find(name);
    if (offset === 0) {
      if (file !== undefined && file.content === text) return true;
      this.erase(name);
      if (this.getFree() < length + HEADER) this.compact();
      if (this.getFree() < length + HEADER) throw new Error("Unable to find or create file");
      file = { name, content: ERASED.repeat(length) };
      if (this.step()) this.files.push(file);
    }
    if (file === undefined) throw new Error("Unable to find or create file");
    if (offset + text.length > file.content.length) throw new Error("Too much data for file size");
    const former = file.content.slice(offset, offset + text.length);
    if (former !== ERASED.repeat(text.length)) throw new Error("File already written");
    if (this.step()) {
      file.content =
        file.content.slice(0, offset) + text + file.content.slice(offset + text.length);
    }
    return true;
  }

  erase(name: string): void {
    const file = this.find(name);
    if (file !== undefined && this.step()) file.name = "";
  }

  compact(): void {
    this.compactions++;
    this.files = this.files.filter(({ name }) => name !== "");
  }

  getFree(): number {
    return this.files.reduce((free, { content }) => free - content.length - HEADER, this.total);
  }

  getStats(): { totalBytes: number; freeBytes: number; fileBytes: number; trashBytes: number } {
    const bytes = (isFile: boolean) =>
      this.files
        .filter(({ name }) => (name !== "") === isFile)
        .reduce((sum, { content }) => sum + content.length + HEADER, 0);
    return {
      totalBytes: this.total,
      freeBytes: this.getFree(),
      fileBytes: bytes(true),
      trashBytes: bytes(false),
    };
  }

  names(): string[] {
    return this.files.map(({ name }) => name).filter((name) => name !== "");
  }

  copy(): FakeStorage {
    const twin = new FakeStorage(this.total);
    twin.files = this.files.map((file) => ({ ...file }));
    return twin;
  }

  private find(name: string): StoredFile | undefined {
    return this.files.find((file) => file.name === name);
  }

  private step(): boolean {
    this.steps++;
    return this.steps <= this.cutAt;
  }
}
