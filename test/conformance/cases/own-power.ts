/** What no ETS has: a power cut, after which a client is there again. */
import { CONTENT } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, configuredValues, withLifetime } from "../configurations.ts";
import { targetOf } from "../ladder.ts";
import { parametersOf } from "./expectations.ts";

const LIFETIME = 120;

const POWER_CUT = clientCase({
  id: "dormouse-power-cut",
  title: "After a power cut the client is there again",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.2.1", "LwM2M Core 1.1.1 §6.2.2"],
  configuration: withLifetime(C_1, LIFETIME),
  begins: "registered",
  needs: { powerCycles: true },
  criteria: {
    back: "a Register comes, or an Update of the registration that was kept",
    full: "the Register says all that the first one did: ep, lt, lwm2m, and its list",
    manageable: "a Read is answered",
    "in-time": "the registration is kept up: an Update comes before the lifetime is over",
  },
  async procedure(bench) {
    bench.step("the client loses its power, and gets it back");
    await bench.client.powerCycle?.();
    const until = bench.now() + bench.pace.patience;
    let came = bench.take("register") ?? bench.take("update");
    while (came === undefined && (await bench.takeIn(until))) {
      came = bench.take("register") ?? bench.take("update");
    }
    if (came === undefined) return bench.expect("back", false, "nothing came");
    bench.expect("back", true, "");
    if (came.kind === "register") {
      const said = parametersOf(bench, came, "full");
      const isNamed = said.endpointName === undefined || said.endpointName === bench.endpointName;
      const isFull = said.lifetime === LIFETIME && said.version === bench.version && isNamed;
      bench.expect("full", isFull, `the Register says only ${targetOf(came.message)}`);
      const hasList = came.message.payload.length > 0 || said.profileId !== undefined;
      bench.expect("full", hasList, "the Register has no list");
    } else bench.judged.add("full");
    await bench.wait(bench.client.tolerance);
    const wanted = configuredValues(bench.configuration, "/3/0/0");
    const answer = await bench.read("/3/0/0", TEXT);
    bench.expectCode("manageable", answer, CONTENT);
    bench.expectValues("manageable", answer, wanted);
    const by = came.at + LIFETIME * SECOND;
    const update = await bench.next("update", by);
    bench.expect("in-time", update !== undefined, `no Update came within ${LIFETIME} s`);
  },
});

export const OWN_POWER_CASES: readonly ConformanceCase[] = [POWER_CUT];
