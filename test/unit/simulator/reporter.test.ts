import { expect, test } from "vitest";
import { CoapEndpoint, REQUEST_RECEIVED } from "../../../protocol/coap/coap-endpoint.ts";
import { CHANGED, CREATED } from "../../../protocol/coap/codes.ts";
import { LOCATION_PATH, URI_PATH } from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { SENML_CBOR_CODEC } from "../../../protocol/content/senml-cbor.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { MINUTE } from "../../../protocol/time/duration.ts";
import { REPORTER } from "../../../simulator/profiles/reporter.ts";
import { DeviceKind, VirtualDevice } from "../../../simulator/virtual-device.ts";
import { coapSettings, countingRandom } from "../../support/coap-pair.ts";

/** A reporter and a server that takes what comes; the minutes in which Sends came, and their temperatures. */
function hours(count: number, seed: number): { at: number[]; values: unknown[] } {
  const settings = coapSettings({ random: countingRandom(1) });
  const device = new VirtualDevice(new DeviceKind(REPORTER, settings), "r", seed, "coap://s.test");
  const server = new CoapEndpoint(coapSettings({ random: countingRandom(9) }));
  const at: number[] = [];
  const values: unknown[] = [];
  const payload = new Uint8Array(0);
  device.start(0);
  for (let now = 0; now < count * 60 * MINUTE; ) {
    for (let out = device.pollTransmit(); out !== undefined; out = device.pollTransmit()) {
      server.handleDatagram(now, out);
      for (let event = server.pollEvent(); event !== undefined; event = server.pollEvent()) {
        if (event.kind !== REQUEST_RECEIVED) continue;
        const isRegister = pathOf(event.request.options, URI_PATH) === "/rd";
        const options = isRegister ? pathOptions(LOCATION_PATH, "/rd/1") : [];
        if (pathOf(event.request.options, URI_PATH) === "/dp") {
          const entries = SENML_CBOR_CODEC.decode(event.request.payload, [], () => TEMPERATURE);
          at.push(now);
          values.push(isMalformed(entries) ? entries.fault : entries[0].value);
        }
        server.respond(now, event.request, {
          code: isRegister ? CREATED : CHANGED,
          options,
          payload,
        });
      }
      for (let back = server.pollTransmit(); back !== undefined; back = server.pollTransmit()) {
        device.handleDatagram(now, back);
      }
    }
    while (device.pollEvent() !== undefined);
    now = Math.max(now, device.deadline());
    device.handleTimeout(now);
  }
  return { at, values };
}

test("a reporter sends every quarter of an hour, with present values", () => {
  const { at, values } = hours(6, 42);
  expect(at.length).toBeGreaterThanOrEqual(23);
  for (let i = 1; i < at.length; i++) expect(at[i] - at[i - 1]).toBe(15 * MINUTE);
  expect(values.every((value) => typeof value === "number")).toBe(true);
  expect(new Set(values).size).toBeGreaterThan(5);
});

test("reporters do not all send in the same moment", () => {
  expect(hours(1, 1).at[0]).not.toBe(hours(1, 2).at[0]);
});
