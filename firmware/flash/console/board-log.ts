/**
 * What a board prints, as lines: without prompts, cursor movements and the pieces in which it came.
 */

/** Characters of a line that has no end yet; then it is cut. */
const LONGEST_LINE = 1000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what consoles are made of
const MOVEMENTS = /\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]/g;

export class BoardLog {
  private readonly tell: (line: string) => void;
  private rest = "";

  /** @param tell is given each line that has something in it */
  constructor(tell: (line: string) => void) {
    this.tell = tell;
  }

  push(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.tellLine(line);
    while (this.rest.length > LONGEST_LINE) {
      this.tellLine(this.rest.slice(0, LONGEST_LINE));
      this.rest = this.rest.slice(LONGEST_LINE);
    }
  }

  /** What has no end, at the end. */
  end(): void {
    this.tellLine(this.rest);
    this.rest = "";
  }

  private tellLine(line: string): void {
    // The prompt stands before what a program prints while it waits.
    const bare = line.replace(MOVEMENTS, "").replace(/^(debug)?>+/, "");
    if (bare !== "") this.tell(bare);
  }
}
