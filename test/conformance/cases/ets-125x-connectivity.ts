/** ETS 1.2 cases 1250 and 1350, connectivity management: what a server changes about a device's cellular network and its bearer. */
import { CHANGED, CREATED } from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_10_WITH_APN, C_10_WITH_BEARERS } from "../configurations.ts";
import { encodeValues, formatValue } from "../content.ts";
import { expectListedIn } from "./expectations.ts";

const NO_AUTHENTICATION = 3;
/** Of /13/0/0. */
const WLAN = 6;
const CELLULAR_NETWORK = 1;

const APN_CONFIGURATION = clientCase({
  id: "LightweightM2M-1.1-int-1250",
  title: "Connectivity management: APN configuration",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.3.6", "LwM2M Core 1.1.1 §6.2.2"],
  configuration: C_10_WITH_APN,
  begins: "registered",
  needs: { features: ["cellular"], formats: [TLV, TEXT] },
  correction: "the trigger is /1/0/8, where resource 7 of Device is printed",
  criteria: {
    create: "Create of /11/1, which is not active, is answered by 2.01",
    update: "the Update that /1/0/8 brings, or the one before it, lists /11/1",
    activate: "Write of true to /11/1/3 is answered by 2.04",
    named: "/10/0/11 then names 11:1",
  },
  async procedure(bench) {
    bench.step("the server creates a second APN profile");
    const profile = { "/11/1/0": "Profile 1", "/11/1/3": false, "/11/1/4": NO_AUTHENTICATION };
    const payload = encodeValues(TLV, "/11", profile);
    bench.expectCode("create", await bench.post("/11", TLV, payload), CREATED);
    bench.step("the server executes Registration Update Trigger");
    await bench.execute("/1/0/8");
    await expectListedIn(bench, "update", "/11/1");
    bench.step("the server switches the profile on");
    bench.expectCode("activate", await bench.put("/11/1/3", TEXT, "1"), CHANGED);
    const answer = await bench.read("/10/0/11", TLV);
    const values = [...bench.expectValues("named", answer, {}).values()];
    const isNamed = values.some((value) => isProfileOne(value));
    bench.expect("named", isNamed, `it names ${values.map(formatValue).join(", ")}`);
  },
});

function isProfileOne(value: Value): boolean {
  if (typeof value !== "object" || !("objectId" in value)) return false;
  return value.objectId === 11 && value.objectInstanceId === 1;
}

const BEARER_SELECTION = clientCase({
  id: "LightweightM2M-1.1-int-1350",
  title: "Connectivity management: Bearer selection",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.2.2", "LwM2M Core 1.1.1 §6.3.6"],
  configuration: C_10_WITH_BEARERS,
  begins: "registered",
  needs: { features: ["cellular"], formats: [TLV] },
  criteria: {
    create: "Create of /13 with WLAN preferred is answered by 2.01",
    updated: "an Update, or a Register, follows, and another one when the cellular network is",
    address: "each comes from another address than what was before, where that can be seen",
    write: "Write of another preference to /13/0/0 is answered by 2.04",
    reachable: "a Read after each is answered",
  },
  async procedure(bench) {
    bench.step("the server prefers WLAN");
    const wlan = encodeValues(TLV, "/13", { "/13/0/0/0": WLAN });
    const cellular = bench.heardFrom;
    bench.expectCode("create", await bench.post("/13", TLV, wlan), CREATED);
    await expectMoved(bench, cellular);
    bench.step("the server prefers the cellular network");
    const before = bench.heardFrom;
    const back = encodeValues(TLV, "/13/0/0", { "/13/0/0/0": CELLULAR_NETWORK });
    bench.expectCode("write", await bench.put("/13/0/0", TLV, back), CHANGED);
    await expectMoved(bench, before);
  },
});

async function expectMoved(
  bench: Bench<"updated" | "address" | "reachable">,
  before: string | undefined,
): Promise<void> {
  const until = bench.now() + bench.pace.patience;
  const taken = () => bench.take("update") ?? bench.take("register");
  let came = taken();
  // The one that tells of a new instance of /13 may still come from where the client was.
  while (came === undefined || (before !== undefined && bench.heardFrom === before)) {
    if (!(await bench.takeIn(until))) break;
    came = taken() ?? came;
  }
  bench.expect("updated", came !== undefined, "neither an Update nor a Register came");
  const hasMoved = bench.heardFrom === undefined || bench.heardFrom !== before;
  bench.expect("address", hasMoved, `it came from ${bench.heardFrom}, as before`);
  await bench.wait(bench.client.tolerance);
  const answer = await bench.read("/3/0/0");
  bench.expect("reachable", answer.code !== 0, "a Read was not answered");
}

export const CONNECTIVITY_CASES: readonly ConformanceCase[] = [APN_CONFIGURATION, BEARER_SELECTION];
