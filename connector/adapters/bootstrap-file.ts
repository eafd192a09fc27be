/** Bootstrap configurations in a file of the operator's, read again whenever it changes. */
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { BOOTSTRAP_FILE, type BootstrapFileDocument } from "../bootstrap/document.ts";

/** How often the file is looked at, milliseconds. */
const INTERVAL = 2000;
const MOST_FAULTS = 5;

export class BootstrapFile {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws Error whose message says what is wrong, and where in the file */
  read(): BootstrapFileDocument {
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(this.path, "utf8"));
    } catch (error) {
      // What a parser says of a fault may quote what is beside it, and that may be a key.
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`${this.path}: ${code ?? "it is not JSON"}.`);
    }
    const parsed = BOOTSTRAP_FILE.safeParse(json);
    if (parsed.success) return parsed.data;
    const faults = parsed.error.issues
      .slice(0, MOST_FAULTS)
      .map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`${this.path}: ${faults.join("; ")}.`);
  }

  /** Has `load` take the file, now and whenever it changes. What goes wrong now is thrown, later it is logged and the former content stays. */
  follow(load: (document: BootstrapFileDocument) => void, log: (line: string) => void): void {
    this.load(load);
    watchFile(this.path, { interval: INTERVAL, persistent: false }, () => {
      try {
        this.load(load);
        log(`${this.path} was read again.`);
      } catch (error) {
        log(`What is in effect stays as it was: ${(error as Error).message}`);
      }
    });
  }

  close(): void {
    unwatchFile(this.path);
  }

  private load(load: (document: BootstrapFileDocument) => void): void {
    const document = this.read();
    try {
      load(document);
    } catch (error) {
      throw new Error(`${this.path}: ${(error as Error).message}`);
    }
  }
}
