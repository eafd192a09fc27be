/** ETS 1.2 cases 110 and 111: Profile IDs, which stand for lists of objects; and what a server does with one that it does not know. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { entityTag } from "../../../protocol/coap/block.ts";
import { BAD_REQUEST, CONFLICT, CREATED } from "../../../protocol/coap/codes.ts";
import { formatBytes } from "../content.ts";
import { answered, codeWords } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { expectCode, expectKnown, ONLY_1_2 } from "./server-expectations.ts";

const REGISTER = "LwM2M Core 1.2.2 §6.2.1";
/** The hash that is printed. How a list becomes one is nowhere defined. */
const PRINTED = "6:27354b9a";

/** One that the server has not heard of, since it is of this run and case. */
function newProfileId({ endpointName }: ServerBench): string {
  return `6:${formatBytes(entityTag(encodeUtf8(endpointName))).replaceAll(" ", "")}`;
}

function queryWith(profileId: string): string[] {
  return ["lt=300", "lwm2m=1.2", "b=U", `pid=${profileId}`];
}

/** Registers with a Profile ID and a list, and after a 4.09 as the standard says: with the list of all objects. */
async function registerWith(
  bench: ServerBench<"created" | "again">,
  profileId: string,
  list: string,
  whole: string,
): Promise<void> {
  const query = queryWith(profileId);
  const answer = await bench.register({ query, list });
  expectCode(bench, "created", answer, [CREATED, CONFLICT], `Register with pid=${profileId}`);
  if (answer?.code === CREATED) return bench.expect("again", true, "");
  bench.note(`pid=${profileId} alone was answered by 4.09`);
  const again = await bench.register({ query, list: whole });
  bench.expect("again", again?.code === CREATED, answered("Register with the list", again));
}

const PROFILE = serverCase({
  id: "LightweightM2M-1.2-int-110",
  title: "Registration with Profile ID",
  versions: ONLY_1_2,
  clauses: [REGISTER],
  needs: ["list"],
  correction:
    "what 6:27354b9a stands for is nowhere printed: a server that does not know it answers 4.09, and the client lists its objects",
  criteria: {
    created: "Register with pid=6:27354b9a and no list is answered by 2.01, or by 4.09",
    again: "after a 4.09 Register with the list is answered by 2.01",
    listed: "the operator sees the client",
  },
  async procedure(bench) {
    await registerWith(bench, PRINTED, "", "</1/0>,</3/0>");
    await expectKnown(bench, "listed", []);
  },
});

const PROFILE_AND_LIST = serverCase({
  id: "LightweightM2M-1.2-int-111",
  title: "Registration with Profile ID and an additional list of objects",
  versions: ONLY_1_2,
  clauses: [REGISTER],
  needs: ["list"],
  correction:
    "first a client registers with the Profile ID and the list that it stands for, so that the server can know it",
  criteria: {
    created: "Register with the Profile ID and </4/0> is answered by 2.01, or by 4.09",
    again: "after a 4.09 Register with all objects is answered by 2.01",
    merged: "the operator sees the objects of both",
  },
  async procedure(bench) {
    const profileId = newProfileId(bench);
    await bench.givenRegistered({ query: queryWith(profileId), list: "</1/0>,</3/0>" });
    await bench.givenDeregistered();
    await registerWith(bench, profileId, "</4/0>", "</1/0>,</3/0>,</4/0>");
    await expectKnown(bench, "merged", ["/1/0", "/3/0", "/4/0"]);
  },
});

const UNKNOWN_PROFILE = serverCase({
  id: "dormouse-server-unknown-profile",
  title: "A Profile ID that stands for nothing is refused by 4.09, and one that is none by 4.00",
  versions: ONLY_1_2,
  clauses: [REGISTER, "LwM2M Transport 1.2.2 §6.4.3"],
  criteria: {
    conflict: "Register with an unknown Profile ID and no list is answered by 4.09",
    malformed: "with what is no Profile ID it is answered by 4.00 or 4.09",
    listed: "with the list beside the unknown Profile ID it is answered by 2.01",
  },
  async procedure(bench) {
    const query = queryWith(newProfileId(bench));
    const unknown = await bench.register({ query, list: "" });
    bench.expect(
      "conflict",
      unknown?.code === CONFLICT,
      `Register was answered by ${codeWords(unknown)}, not by 4.09`,
    );
    const malformed = await bench.register({ query: queryWith("nonsense"), list: "" });
    expectCode(bench, "malformed", malformed, [BAD_REQUEST, CONFLICT], "Register");
    const listed = await bench.register({ query, list: "</1/0>,</3/0>" });
    bench.expect("listed", listed?.code === CREATED, answered("Register with the list", listed));
  },
});

export const SERVER_PROFILE_CASES: readonly ServerCase[] = [
  PROFILE,
  PROFILE_AND_LIST,
  UNKNOWN_PROFILE,
];
