import { expect, test } from "vitest";
import { MIGRATIONS, schemaAfter } from "../../../../connector/store/migrations.ts";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { PUT } from "../../../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../../../protocol/coap/message.ts";
import { Rig } from "../connector/rig.ts";

/** A request and two observations as version 2 of the schema has them. */
function writeOldRows(rig: Rig, token: Uint8Array): void {
  const { store } = rig;
  store.table<object>("requests").put("7#old", {
    endpointName: "a",
    sequence: 7,
    method: PUT,
    path: "/x",
    payload: encodeUtf8("1"),
    contentFormat: 0,
    accept: undefined,
    expiresIn: 60_000,
    isSent: false,
  });
  const observations = store.table<object>("observations");
  const running = { endpointName: "a", path: "/3303/0/5700", token, insists: true };
  observations.put("a/3303/0/5700", { ...running, owedId: undefined });
  const wanted = { endpointName: "a", path: "/3303/1/5700", token: undefined, insists: false };
  observations.put("a/3303/1/5700", { ...wanted, owedId: "8#old" });
}

test("schema 3: requests and observations of a store of schema 2 go on", () => {
  expect(schemaAfter(MIGRATIONS)).toBeGreaterThanOrEqual(3);
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/3303/0/5700", "20");
  device.values.set("/3303/1/5700", "30");
  rig.observe("a", "/3303/0/5700");
  rig.drive(rig.now + 1000);
  const [[, { token }]] = [...rig.store.table<{ token: Uint8Array }>("observations").entries()];
  writeOldRows(rig, token);
  MIGRATIONS.find(({ to }) => to === 3)?.migrate(rig.store);
  rig.store.commitNow();
  device.executed.length = 0;
  rig.restart();
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual(["GET /3303/1/5700 observe=0", 'PUT /x format=0 "1"']);
  expect(
    rig
      .responses()
      .map(({ id, status }) => `${id} ${status}`)
      .slice(-2),
  ).toEqual(["8#old 200", "7#old 201"]);
  device.set("/3303/0/5700", "21");
  rig.drive(rig.now + 1000);
  expect(rig.notifications().length).toBe(1);
  expect(rig.connector.queued("a")).toEqual([]);
  expect(rig.submit("a", { path: "/x", payload: NO_BYTES })).toHaveProperty("id");
});
