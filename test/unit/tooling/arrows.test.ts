import { expect, test } from "vitest";
import { arrowRefusals } from "../../../scripts/arrows.ts";
import { repositorySources } from "../../../scripts/support/sources.ts";

/** The refusals for one file, as `line: message`. */
function refusals(path: string, text: string): string[] {
  return arrowRefusals([{ path, text }]).map((r) => `${r.line}: ${r.message}`);
}

test("the repository keeps its arrows", () => {
  expect(arrowRefusals(repositorySources())).toEqual([]);
});

test.each([
  ["protocol/coap/message.ts", "../../host/ddf.ts"],
  ["protocol/model/path.ts", "../coap/message.ts"],
  ["protocol/content/tlv.ts", "../coap/message.ts"],
  ["protocol/coap/message.ts", "../lwm2m/registration.ts"],
  ["protocol/coap/message.ts", "cbor-x"],
  ["protocol/coap/message.ts", "node:buffer"],
  ["firmware/agent/agent.ts", "../boards/node/main.ts"],
  ["firmware/agent/agent.ts", "../../host/node-crypto.ts"],
  ["firmware/boards/espruino/main.ts", "../node/udp.ts"],
  ["connector/connector.ts", "../firmware/agent/agent.ts"],
  ["connector/connector.ts", "../simulator/fleet.ts"],
  ["connector/connector.ts", "node:dgram"],
  ["simulator/fleet.ts", "../connector/connector.ts"],
  ["simulator/fleet.ts", "../firmware/boards/node/main.ts"],
  ["simulator/fleet.ts", "node:dgram"],
  ["host/ddf.ts", "../connector/connector.ts"],
  ["test/conformance/case.ts", "../../connector/connector.ts"],
])("%s may not import %s", (path, target) => {
  expect(refusals(path, `\nimport { x } from "${target}";`)).toHaveLength(1);
});

test.each([
  ["protocol/lwm2m/registration.ts", "../coap/options.ts"],
  ["protocol/content/tlv.ts", "../coap/content-formats.ts"],
  ["firmware/agent/agent.ts", "../../protocol/coap/coap-endpoint.ts"],
  ["firmware/boards/node/udp.ts", "node:dgram"],
  ["connector/store/lmdb-store.ts", "lmdb"],
  ["connector/rest/routes.ts", "hono"],
  ["simulator/virtual-device.ts", "../firmware/agent/agent.ts"],
  ["simulator/udp-fleet.ts", "node:dgram"],
  ["bin/start.ts", "../connector/service.ts"],
])("%s may import %s", (path, target) => {
  expect(refusals(path, `import { x } from "${target}";`)).toEqual([]);
});

test("a refusal names the line and what the room knows", () => {
  expect(
    refusals("protocol/time/deadlines.ts", `\n\nimport type { A } from "../coap/a.ts";`),
  ).toEqual([
    "3: protocol/time/ may not import protocol/coap/a.ts: beside itself it knows nothing",
  ]);
});

test("re-exports, dynamic imports and import types count as imports", () => {
  const path = "connector/connector.ts";
  expect(refusals(path, `export * from "../simulator/fleet.ts";`)).toHaveLength(1);
  expect(refusals(path, `const x = await import("../simulator/fleet.ts");`)).toHaveLength(1);
  expect(refusals(path, `let x: import("../simulator/fleet.ts").Fleet;`)).toHaveLength(1);
});

test("a file outside every room is refused", () => {
  expect(refusals("stray/x.ts", "")).toHaveLength(1);
});

test("portable files may not import each other in a circle, but for types", () => {
  const a = { path: "protocol/coap/a.ts", text: `import { b } from "./b.ts";` };
  const b = { path: "protocol/coap/b.ts", text: `import { a } from "./a.ts";` };
  expect(arrowRefusals([a, b]).map((r) => r.message)).toEqual([
    "imports itself in a circle: protocol/coap/a.ts -> protocol/coap/b.ts -> protocol/coap/a.ts",
  ]);
  expect(arrowRefusals([a, { path: b.path, text: `import type { A } from "./a.ts";` }])).toEqual(
    [],
  );
});
