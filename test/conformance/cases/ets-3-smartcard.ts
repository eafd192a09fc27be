/** ETS 1.2 case 3: a client that is bootstrapped from a smartcard. */
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { type BaseConfiguration, C_1 } from "../configurations.ts";
import { parametersOf } from "./expectations.ts";

const FACTORY_LIFETIME = 86400;
const CARD_LIFETIME = 43200;
/** Of the account on the card, by number of the harness's servers. */
const CARD_SERVER = 1;

/** C.1 with an account at server X; Y, whose account is on the card, is the harness's second server. */
const SMARTCARD: BaseConfiguration = { ...C_1, name: "C.1 and a smartcard", servers: 2 };

const FROM_SMARTCARD = clientCase({
  id: "LightweightM2M-1.1-int-3",
  title: "Simple Bootstrap from Smartcard",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.1.2", "LwM2M Core 1.1.1 §6.2.1"],
  configuration: SMARTCARD,
  begins: "off",
  needs: { features: ["smartcard"], insertsCard: true, formats: [TEXT] },
  criteria: {
    factory: "without the card the client registers with server X",
    "factory-lifetime": "where /1/0/1 is 86400",
    card: "with the card it registers with server Y",
    "card-lifetime": "with lt=43200, which /1/0/1 says as well",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    await expectRegister(bench, "factory", 0);
    const factory = await bench.read("/1/0/1", TEXT);
    bench.expectValues("factory-lifetime", factory, { "/1/0/1": FACTORY_LIFETIME });
    bench.step("the client is switched off, the card of Y is put in, the client is switched on");
    const uri = bench.client.serverUris[CARD_SERVER];
    await bench.client.insertCard?.({ shortServerId: 1, uri, lifetime: CARD_LIFETIME });
    const register = await expectRegister(bench, "card", CARD_SERVER);
    const { lifetime } = parametersOf(bench, register, "card-lifetime");
    bench.expect("card-lifetime", lifetime === CARD_LIFETIME, `lt is ${lifetime}`);
    const card = await bench.read("/1/0/1", TEXT, CARD_SERVER);
    bench.expectValues("card-lifetime", card, { "/1/0/1": CARD_LIFETIME });
  },
});

async function expectRegister(
  bench: Bench<"factory" | "card">,
  criterion: "factory" | "card",
  server: number,
) {
  const register = await bench.next("register", bench.now() + bench.pace.patience);
  const where = register === undefined ? "no server" : `server ${register.server + 1}`;
  bench.expect(criterion, register?.server === server, `the client registers with ${where}`);
  await bench.wait(bench.client.tolerance);
  // The criterion above has ended the case where there is none.
  return register as NonNullable<typeof register>;
}

export const SMARTCARD_CASES: readonly ConformanceCase[] = [FROM_SMARTCARD];
