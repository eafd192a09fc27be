/** An outbox that is a folder: one `.eml` file for each mail (RFC 5322), for whatever sends mail on this machine to take away. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Mail, Outbox } from "../access/mail.ts";

/** When nobody takes them away. */
const MOST_FILES = 10_000;

export class OutboxFolder implements Outbox {
  private readonly folder: string;

  /** @param folder made for its owner only when the first mail comes: what is in a mail may be a link to an account */
  constructor(folder: string) {
    this.folder = folder;
  }

  async deliver(mail: Mail): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    if ((await readdir(this.folder)).length >= MOST_FILES) {
      throw new Error(`${this.folder} holds ${MOST_FILES} mails that nobody has taken away.`);
    }
    const name = `${Date.now()}-${randomBytes(4).toString("hex")}`;
    const file = join(this.folder, `${name}.eml`);
    // Whoever watches the folder for *.eml finds whole ones only.
    await writeFile(`${file}.part`, messageOf(mail, name, new Date()), { mode: 0o600, flag: "wx" });
    await rename(`${file}.part`, file);
  }
}

function messageOf(mail: Mail, name: string, date: Date): string {
  const head = [
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${name}@dormouse.invalid>`,
    `To: ${mail.to}`,
    `Subject: ${mail.subject}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
  ];
  return `${head.join("\r\n")}\r\n\r\n${mail.text.replaceAll("\n", "\r\n")}`;
}
