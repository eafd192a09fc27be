/** Profile IDs where the ETS stops: a server that does not know them, and a device that changes. */
import { BAD_REQUEST, CONFLICT, CREATED, formatCode } from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { decodeLinks } from "../../../protocol/coap/link-format.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { was } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, C_12, configuredInstances } from "../configurations.ts";
import { encodeValues } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";
import { parametersOf } from "./expectations.ts";

const CLAUSES = ["LwM2M Core 1.2.2 §6.2.1", "LwM2M Transport 1.2.2 §6.7"];
const NEEDS = { features: ["profile id"] } as const;
/** How many Registers a client may need to come from an id alone to the list. */
const ATTEMPTS = 3;

/** What a message lists, as paths. */
function listOf({ message }: Uplink): readonly string[] {
  const links = decodeLinks(new TextDecoder().decode(message.payload));
  return isMalformed(links) ? [] : links.map(({ uri }) => uri);
}

/** A server that answers by this code to every Register without the whole list. */
function refusedCase(id: string, code: number, words: string): ConformanceCase {
  return clientCase({
    id,
    title: `A Profile ID that is answered by ${formatCode(code)} is followed by the list`,
    versions: ["1.2"],
    clauses: CLAUSES,
    configuration: { ...C_1, name: "C.1 as a profile", profileId: "instead" },
    begins: "off",
    needs: NEEDS,
    criteria: {
      list: `after ${formatCode(code)}, which ${words}, a Register with the whole list comes`,
      once: "and answered by 2.01 it does not come again",
      managed: "the client is managed then as any other",
    },
    async procedure(bench) {
      const whole = configuredInstances(bench.configuration);
      const isWhole = (register: Uplink) => {
        const list = listOf(register);
        return whole.every((path) => list.includes(path));
      };
      bench.server.answer = (uplink) =>
        uplink.kind === "register" && !isWhole(uplink) ? { code } : undefined;
      await bench.client.start();
      const first = await bench.next("register", bench.pace.patience);
      const { profileId } = first === undefined ? {} : parametersOf(bench, first, "list");
      bench.given(profileId !== undefined, "no Register with pid came");
      let register = first;
      for (let i = 0; i < ATTEMPTS && register !== undefined && !isWhole(register); i++) {
        register = await bench.next("register", bench.now() + bench.pace.patience);
      }
      const hasList = register !== undefined && isWhole(register);
      bench.expect("list", hasList, `no Register with ${whole.join(", ")} came`);
      await bench.wait(bench.pace.patience);
      const again = bench.take("register") ?? bench.take("repeated");
      bench.expect("once", again === undefined, "Register came again after 2.01");
      bench.expectValues("managed", await bench.read("/1/0/0"), { "/1/0/0": 1 });
    },
  });
}

const CHANGED_DEVICE = clientCase({
  id: "dormouse-profile-changed",
  title: "What comes beside a profile is listed in an Update",
  versions: ["1.2"],
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §6.2.2"],
  configuration: { ...C_12, name: "C.12, of which C.1 is a profile", profileId: "beside" },
  begins: "registered",
  needs: { ...NEEDS, formats: [TLV] },
  criteria: {
    listed: "after a Create an Update comes that lists the instance, or has another pid",
    kept: "what it lists has all that it listed before",
    alone: "an Update that nothing changed for has neither a list nor pid",
  },
  async procedure(bench) {
    const trigger = () => bench.execute("/1/0/8");
    await trigger();
    const usual = await bench.next("update", bench.now() + bench.pace.prompt);
    bench.given(usual !== undefined, "no Update came");
    const said = usual === undefined ? {} : parametersOf(bench, usual, "alone");
    const isBare = usual?.message.payload.length === 0 && said.profileId === undefined;
    bench.expect("alone", isBare, `the Update has ${said.profileId ?? "a list"}`);
    const payload = encodeValues(TLV, "/16", { "/16/5/0/0": "a" });
    const create = await bench.post("/16", TLV, payload);
    bench.given(create.code === CREATED, `${was(create)}, not by 2.01`);
    const update = await bench.next("update", bench.now() + bench.pace.prompt);
    if (update === undefined) return bench.expect("listed", false, "no Update came");
    const list = listOf(update);
    const { profileId } = parametersOf(bench, update, "listed");
    const isTold = list.includes("/16/5") || (list.length === 0 && profileId !== undefined);
    bench.expect("listed", isTold, `the Update lists ${list.join(", ") || "nothing"}`);
    const isKept = list.length === 0 || list.includes("/16/0");
    bench.expect("kept", isKept, `the Update lists ${list.join(", ")}`);
  },
});

export const OWN_PROFILE_CASES: readonly ConformanceCase[] = [
  refusedCase("dormouse-profile-unknown", BAD_REQUEST, "a server that knows no pid may say"),
  refusedCase("dormouse-profile-refused", CONFLICT, "says that the list is not known"),
  CHANGED_DEVICE,
];
