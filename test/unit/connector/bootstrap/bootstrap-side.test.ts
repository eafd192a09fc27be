import { expect, test } from "vitest";
import { DeviceRecords } from "../../../../connector/access/devices.ts";
import { Domains } from "../../../../connector/access/domains.ts";
import { ServerSecret } from "../../../../connector/access/server-secret.ts";
import {
  type BootstrapReach,
  BootstrapSide,
} from "../../../../connector/bootstrap/bootstrap-side.ts";
import type { Refused } from "../../../../connector/contract.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

function givenRefusal(refused: Refused): BootstrapSide {
  const store = new MemoryStore();
  const secret = new ServerSecret(new Uint8Array(32));
  const devices = new DeviceRecords(store, new Domains(store), secret);
  const side = new BootstrapSide({ store, secret, devices, calendarNow: () => 0 }, true);
  const registration = { version: "1.1", links: [{ uri: "/1/0" }] };
  const reach = {
    devices: { registration: () => registration, submit: () => refused },
    push: () => false,
  };
  side.connect(reach as unknown as BootstrapReach);
  return side;
}

test.each<[Refused, string]>([
  [{ refusal: "gone" }, "The device d is not registered."],
  [{ refusal: "queue-full" }, "Too many requests wait for d."],
  [
    { refusal: "not-allowed", status: 405, reason: "The device has no /1/0/9" },
    "The registration of d does not allow Execute of /1/0/9: The device has no /1/0/9.",
  ],
])("LwM2M Core 1.2.2 §6.1.3.4: a trigger that is refused (%o) is refused with the reason", (refused, reason) => {
  expect(() => givenRefusal(refused).begin("d", undefined, 1000)).toThrow(reason);
});
