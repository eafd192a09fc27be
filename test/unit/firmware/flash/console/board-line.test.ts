import { expect, test } from "vitest";
import { parsePort } from "../../../../../firmware/flash/console/board-line.ts";
import { BoardLog } from "../../../../../firmware/flash/console/board-log.ts";

test.each([
  ["/dev/ttyUSB0", { kind: "serial", text: "/dev/ttyUSB0", baud: 9600 }],
  ["COM3", { kind: "serial", text: "COM3", baud: 9600 }],
  [
    "tcp://192.168.1.20",
    { kind: "tcp", text: "tcp://192.168.1.20", host: "192.168.1.20", port: 23 },
  ],
  [
    "tcp://board.local:2323",
    { kind: "tcp", text: "tcp://board.local:2323", host: "board.local", port: 2323 },
  ],
  ["tcp://[::1]:23", { kind: "tcp", text: "tcp://[::1]:23", host: "::1", port: 23 }],
  ["ble://Puck.js abcd", { kind: "ble", text: "Puck.js abcd" }],
  ["aa:BB:cc:dd:ee:ff", { kind: "ble", text: "aa:BB:cc:dd:ee:ff" }],
])("the port %s", (text, port) => {
  expect(parsePort(text, 9600)).toEqual(port);
});

test.each([
  "tcp://",
  "tcp://a:0",
  "tcp://a:65536",
  "tcp://a:b",
  "http://a",
  "ble://",
])("%s is no port", (text) => {
  expect(() => parsePort(text, 9600)).toThrow(`${text} is no port: it is /dev/DEVICE`);
});

test("the log is lines, without prompts and movements, however they come", () => {
  const lines: string[] = [];
  const log = new BoardLog((line) => lines.push(line));
  for (const piece of [
    "\x1b[Jregis",
    "tered coap://a\r\n>",
    "\x1b[Jtick 1\r\n\r\n>",
    ">debug\tx\n",
    "rest",
  ]) {
    log.push(piece);
  }
  expect(lines).toEqual(["registered coap://a", "tick 1", "debug\tx"]);
  log.end();
  expect(lines.at(-1)).toBe("rest");
});

test("a line without an end is cut", () => {
  const lines: string[] = [];
  const log = new BoardLog((line) => lines.push(line));
  log.push("x".repeat(2500));
  expect(lines.map(({ length }) => length)).toEqual([1000, 1000]);
});
