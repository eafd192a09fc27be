import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OutboxFolder } from "../../../../connector/adapters/outbox-folder.ts";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "dormouse-outbox-"));
  folder = join(parent, "outbox");
});

afterEach(() => rmSync(parent, { recursive: true }));

const MAIL = { to: "moe@tavern.example", subject: "Hello", text: "First line\nSecond line\n" };

test("a mail becomes one file that only its owner reads, as RFC 5322 has it", async () => {
  await new OutboxFolder(folder).deliver(MAIL);
  const [name, ...others] = readdirSync(folder);
  expect([others, name]).toEqual([[], expect.stringMatching(/^\d+-[0-9a-f]{8}\.eml$/)]);
  const file = join(folder, name);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const [head, body] = readFileSync(file, "utf8").split("\r\n\r\n");
  expect(head.split("\r\n")).toEqual([
    expect.stringMatching(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/),
    expect.stringMatching(/^Message-ID: <[^>@]+@[^>]+>$/),
    "To: moe@tavern.example",
    "Subject: Hello",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
  ]);
  expect(body).toBe("First line\r\nSecond line\r\n");
});

test("many at once are as many files", async () => {
  const outbox = new OutboxFolder(folder);
  await Promise.all([...Array(20)].map(() => outbox.deliver(MAIL)));
  expect(readdirSync(folder)).toHaveLength(20);
});

test("a folder that cannot be one is an error", async () => {
  writeFileSync(folder, "");
  await expect(new OutboxFolder(folder).deliver(MAIL)).rejects.toThrow();
});
