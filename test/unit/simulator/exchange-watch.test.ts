import { describe, expect, test } from "vitest";
import { ExchangeWatch } from "../../../simulator/exchange-watch.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

const REQUEST = hex("40 02 0007 b2 7264");
const OTHER_REQUEST = hex("40 02 0008 b2 7264");

describe("ExchangeWatch", () => {
  test("measures from the first transmission to the piggybacked response", () => {
    const watch = new ExchangeWatch(2);
    watch.handleSent(100, 1, REQUEST);
    watch.handleSent(2100, 1, REQUEST);
    expect(watch.handleReceived(2150, 1, hex("60 41 0007"))).toEqual({
      method: 2,
      code: 0x41,
      latency: 2050,
    });
    expect(watch.handleReceived(2160, 1, hex("60 41 0007"))).toBeUndefined();
  });

  test("waits past an empty acknowledgement for the separate response", () => {
    const watch = new ExchangeWatch(1);
    watch.handleSent(0, 0, REQUEST);
    expect(watch.handleReceived(10, 0, hex("60 00 0007"))).toBeUndefined();
    expect(watch.handleReceived(30, 0, hex("40 84 9999"))).toMatchObject({
      code: 0x84,
      latency: 30,
    });
  });

  test("does not take another device's or an older request's answer", () => {
    const watch = new ExchangeWatch(2);
    watch.handleSent(0, 0, REQUEST);
    expect(watch.handleReceived(5, 1, hex("60 41 0007"))).toBeUndefined();
    watch.handleSent(95000, 0, OTHER_REQUEST);
    expect(watch.handleReceived(95001, 0, hex("60 41 0007"))).toBeUndefined();
    expect(watch.handleReceived(95002, 0, hex("60 44 0008"))?.latency).toBe(2);
  });

  test("does not time what is no request: notifications, answers, acknowledgements, resets", () => {
    const watch = new ExchangeWatch(1);
    for (const datagram of ["40 45 0007", "50 45 0007", "60 45 0007", "70 00 0007", "40"]) {
      watch.handleSent(0, 0, hex(datagram));
    }
    expect(watch.handleReceived(1, 0, hex("60 44 0007"))).toBeUndefined();
  });

  test("the server's own requests and broken datagrams end nothing", () => {
    const watch = new ExchangeWatch(1);
    watch.handleSent(0, 0, REQUEST);
    for (const datagram of ["40 01 0007", "60", "", "70 00 0007"]) {
      expect(watch.handleReceived(1, 0, hex(datagram))).toBeUndefined();
    }
    expect(watch.handleReceived(2, 0, hex("60 44 0007"))?.latency).toBe(2);
  });
});

describe("notifications", () => {
  const CON_NOTIFICATION = hex("41 45 0009 aa 61 05 61 00 ff 32");

  test("are told from answers by their Observe option, and counted once", () => {
    const watch = new ExchangeWatch(1);
    expect(watch.handleSent(0, 0, CON_NOTIFICATION)).toBe(true);
    expect(watch.handleSent(2000, 0, CON_NOTIFICATION)).toBe(false);
    expect(watch.handleSent(3000, 0, hex("51 45 000a aa 60 ff 32"))).toBe(true);
    expect(watch.handleSent(3000, 0, hex("51 45 000b aa 44 01020304 21 07"))).toBe(true);
    expect(watch.handleSent(4000, 0, hex("61 45 000c aa 61 05"))).toBe(false);
    expect(watch.handleSent(5000, 0, hex("51 45 000d aa c0 ff 32"))).toBe(false);
    expect(watch.handleSent(6000, 0, hex("51 45 000e aa ff 60"))).toBe(false);
    expect(watch.handleSent(7000, 0, hex("41 45 000f"))).toBe(false);
  });

  test("take the place of the request that was under way before them", () => {
    const watch = new ExchangeWatch(1);
    watch.handleSent(0, 0, REQUEST);
    expect(watch.methodUnderWay(0)).toBe(2);
    watch.handleSent(95000, 0, CON_NOTIFICATION);
    expect(watch.methodUnderWay(0)).toBe(0);
  });
});
