import { describe, expect, test } from "vitest";
import { hostOption, portOption, productName, startFailure } from "../../../bin/daemon.ts";

const options = { host: "127.0.0.1", httpPort: 8080, coapPort: 5683 };

function systemError(code: string, side: "http" | "coap"): Error {
  return Object.assign(new Error(`bind ${code}`), { code, side });
}

describe("options", () => {
  test("a port is a number from 0 to 65535", () => {
    expect(portOption("0")).toBe(0);
    expect(portOption("65535")).toBe(65535);
    for (const text of ["", "-1", "65536", "80x", "8.5", "0x50", " 80"]) {
      expect(() => portOption(text)).toThrow("port from 0 to 65535");
    }
  });

  test("a host is an IP address, or localhost", () => {
    for (const text of ["127.0.0.1", "0.0.0.0", "::1", "::"]) expect(hostOption(text)).toBe(text);
    expect(hostOption("localhost")).toBe("127.0.0.1");
    for (const text of ["", "example.com", "256.1.1.1", "127.1"]) {
      expect(() => hostOption(text)).toThrow("IP address");
    }
  });
});

describe("why it did not start, in one line with what to do", () => {
  const cases: [error: Error, line: string][] = [
    [
      systemError("EADDRINUSE", "http"),
      "HTTP port 8080 of 127.0.0.1 is in use: stop what uses it, or choose another with --http-port.",
    ],
    [
      systemError("EADDRINUSE", "coap"),
      "CoAP port 5683 of 127.0.0.1 is in use: stop what uses it, or choose another with --coap-port.",
    ],
    [
      systemError("EADDRNOTAVAIL", "coap"),
      "127.0.0.1 is not an address of this machine: choose another with --host.",
    ],
    [
      systemError("EACCES", "http"),
      "HTTP port 8080 needs more rights: choose one from 1024 with --http-port.",
    ],
    [systemError("ENOBUFS", "coap"), "CoAP port 5683 cannot be bound: bind ENOBUFS"],
    [new Error("The store is damaged."), "The store is damaged."],
  ];
  for (const [error, line] of cases) {
    test(line, () => expect(startFailure(error, options)).toBe(line));
  }
});

test("the product has a version", () => {
  expect(productName()).toMatch(/^Dormouse Device Connector \d+\.\d+\.\d+/);
});
