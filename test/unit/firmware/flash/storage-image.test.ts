import { expect, test } from "vitest";
import { storageImage } from "../../../../firmware/flash/storage-image.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (image: Uint8Array) => Buffer.from(image).toString("hex");

test("a file is a header with its size and name, then its content, padded to 4 bytes", () => {
  const image = storageImage(
    [
      { name: ".bootcde", content: bytes("hello") },
      { name: "b", content: bytes("ab") },
    ],
    80,
  );
  expect(hex(image)).toBe(
    `05000000${"2e626f6f74636465".padEnd(56, "0")}68656c6c6fffffff` +
      `02000000${"62".padEnd(56, "0")}6162ffff${"ff".repeat(4)}`,
  );
});

test("an area without files is erased flash", () => {
  expect(hex(storageImage([], 4))).toBe("ffffffff");
});

test("files that do not fit are refused with by how much", () => {
  const content = new Uint8Array(100);
  expect(() => storageImage([{ name: "a", content }], 131)).toThrow('"a" ends 1 bytes past');
  expect(storageImage([{ name: "a", content }], 132)).toHaveLength(132);
});

test.each(["", "x".repeat(29)])("a name of no or more than 28 characters is refused", (name) => {
  expect(() => storageImage([{ name, content: new Uint8Array(0) }], 64)).toThrow("1 to 28");
});
