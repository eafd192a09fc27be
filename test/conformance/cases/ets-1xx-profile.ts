/** ETS 1.2 group 100-199: Profile IDs, which stand for a list of objects. */

import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { decodeLinks } from "../../../protocol/coap/link-format.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { parseProfileIds } from "../../../protocol/lwm2m/profile-id.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, C_5 } from "../configurations.ts";
import { targetOf } from "../ladder.ts";
import type { Uplink } from "../scripted-server.ts";
import { parametersOf } from "./expectations.ts";

const PROFILE_ID = clientCase({
  id: "LightweightM2M-1.2-int-110",
  title: "Initial Registration with Profile ID",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.2.1"],
  configuration: { ...C_1, name: "C.1 as a profile", profileId: "instead" },
  begins: "off",
  needs: { features: ["profile id"] },
  correction:
    "any Profile ID: how the printed one, 6:27354b9a, follows from the list is nowhere defined",
  criteria: {
    register: "Register says pid with a Profile ID, or several in quotes",
    version: "and lwm2m=1.2",
    "no-list": "it has no list of objects",
    accepted: "answered by 2.01 the client does not register again",
  },
  async procedure(bench) {
    const register = await firstRegister(bench, "register");
    expectProfileId(bench, register, "register");
    const { version } = parametersOf(bench, register, "version");
    bench.expect("version", version === "1.2", `lwm2m is ${version}`);
    const { length } = register.message.payload;
    bench.expect("no-list", length === 0, `the Register has a list of ${length} bytes`);
    await bench.wait(bench.pace.patience);
    const again = bench.take("register") ?? bench.take("repeated");
    bench.expect("accepted", again === undefined, "Register came again after 2.01");
  },
});

const PROFILE_ID_AND_LIST = clientCase({
  id: "LightweightM2M-1.2-int-111",
  title: "Initial Registration with Profile ID and an object list",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.2.1"],
  configuration: { ...C_5, name: "C.5, of which C.1 is a profile", profileId: "beside" },
  begins: "off",
  needs: { features: ["profile id"] },
  correction:
    "any Profile ID: how the printed one, 6:27354b9a, follows from the list is nowhere defined",
  criteria: {
    register: "Register says pid with a Profile ID, or several in quotes",
    list: "its list names /4/0, which is not part of the profile",
  },
  async procedure(bench) {
    const register = await firstRegister(bench, "register");
    expectProfileId(bench, register, "register");
    const links = decodeLinks(decodeUtf8(register.message.payload));
    const uris = isMalformed(links) ? [] : links.map(({ uri }) => uri);
    bench.expect("list", uris.includes("/4/0"), `the list names ${uris.join(", ") || "nothing"}`);
  },
});

async function firstRegister<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
): Promise<Uplink> {
  bench.step("the client is switched on");
  await bench.client.start();
  const register = await bench.next("register", bench.pace.patience);
  bench.expect(criterion, register?.message.type === CON, "no Confirmable Register came");
  return register as Uplink;
}

function expectProfileId<Criterion extends string>(
  bench: Bench<Criterion>,
  register: Uplink,
  criterion: Criterion,
): void {
  const { profileId } = parametersOf(bench, register, criterion);
  const why = `${targetOf(register.message)} has no pid`;
  bench.expect(criterion, profileId !== undefined, why);
  const ids = parseProfileIds(profileId ?? "");
  bench.expect(criterion, !isMalformed(ids), `pid=${profileId} is no Profile ID`);
}

export const PROFILE_CASES: readonly ConformanceCase[] = [PROFILE_ID, PROFILE_ID_AND_LIST];
