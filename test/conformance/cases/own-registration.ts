/** Registration where no ETS case looks: failure, loss, retry, coming back. */
import { BAD_REQUEST, CHANGED, CREATED, DELETED } from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { decodeLinks } from "../../../protocol/coap/link-format.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { HOUR, MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_1, C_3, C_12 } from "../configurations.ts";
import { encodeValues } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];

const REGISTER_REPEATED = clientCase({
  id: "dormouse-register-retransmission",
  title: "A lost Register is retransmitted",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "LwM2M Core 1.1.1 §6.2.1"],
  configuration: C_1,
  begins: "off",
  criteria: {
    repeated: "Register is sent again under its Message ID after 2 to 3 s",
    growing: "and then after twice that time",
    accepted: "once it is answered the client is registered and manageable",
  },
  async procedure(bench) {
    bench.step("the client is switched on; the server does not answer");
    bench.server.answer = () => "silence";
    await bench.client.start();
    const { tolerance } = bench.client;
    const first = await bench.next("register", bench.pace.patience);
    if (first === undefined) return bench.given(false, "no Register came");
    const second = await bench.next("repeated", bench.now() + 4 * SECOND + tolerance);
    const gap = (second?.at ?? Number.NaN) - first.at;
    const isOnTime = gap >= 2 * SECOND - tolerance && gap <= 3 * SECOND + tolerance;
    bench.expect("repeated", isOnTime, `the second Register came after ${gap / SECOND} s`);
    const third = await bench.next("repeated", bench.now() + 8 * SECOND + tolerance);
    const next = (third?.at ?? Number.NaN) - (second?.at ?? 0);
    const isDoubled = Math.abs(next - 2 * gap) <= 1 + 2 * tolerance;
    bench.expect("growing", isDoubled, `the third came after ${next / SECOND} s more`);
    bench.step("the server answers at last, in a message of its own");
    bench.server.answer = undefined;
    bench.server.isRegistered = true;
    bench.server.location = "/rd/late";
    const { options } = bench.compose({ method: 0, path: "/rd/late" });
    await bench.send({
      type: CON,
      code: CREATED,
      messageId: bench.server.messageId(),
      token: first.message.token,
      options: options.map(({ value }) => ({ number: 8, value })),
      payload: new Uint8Array(0),
    });
    await bench.wait(bench.pace.prompt);
    const read = await bench.execute("/1/0/8");
    bench.expectCode("accepted", read, CHANGED);
    const update = await bench.next("update", bench.now() + bench.pace.prompt);
    bench.expect("accepted", update !== undefined, "no Update came to the location given late");
  },
});

const REGISTER_RETRY = clientCase({
  id: "dormouse-register-retry",
  title: "A refused Register is tried again, not in a hurry",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.1.1"],
  configuration: C_1,
  begins: "off",
  criteria: {
    retry: "after 4.00 Register comes again within a day",
    "back-off": "no sooner than a second later, and each time no sooner than the time before",
    accepted: "once it is accepted it does not come again",
  },
  async procedure(bench) {
    bench.step("the client is switched on; the server refuses it three times");
    let refusals = 0;
    bench.server.answer = ({ kind }) =>
      kind === "register" && ++refusals <= 3 ? { code: BAD_REQUEST } : undefined;
    await bench.client.start();
    let before = (await bench.next("register", bench.pace.patience))?.at;
    if (before === undefined) return bench.given(false, "no Register came");
    let gap = SECOND;
    for (let i = 0; i < 3; i++) {
      const again = await bench.next("register", before + 25 * HOUR);
      if (again === undefined) return bench.expect("retry", false, "no Register came again");
      bench.expect("retry", true, "");
      const isPatient = again.at - before >= gap - bench.client.tolerance;
      const seconds = (again.at - before) / SECOND;
      bench.expect("back-off", isPatient, `Register came again after ${seconds} s`);
      gap = again.at - before;
      before = again.at;
    }
    await bench.wait(10 * MINUTE);
    bench.expect("accepted", bench.take("register") === undefined, "Register came after 2.01");
  },
});

const DISABLE_TIMEOUT = clientCase({
  id: "dormouse-disable-timeout",
  title: "A disabled client comes back after the Disable Timeout",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §E.2"],
  configuration: C_3,
  begins: "registered",
  needs: { features: ["disable"], formats: [TEXT] },
  criteria: {
    away: "after the De-register nothing comes for the 120 s of /1/0/5",
    back: "then a Register",
  },
  async procedure(bench) {
    const write = await bench.put("/1/0/5", TEXT, "120");
    bench.given(write.code === CHANGED, "the Disable Timeout could not be written");
    await bench.execute("/1/0/4");
    const deregister = await bench.next("deregister", bench.now() + bench.pace.prompt);
    if (deregister === undefined) return bench.given(false, "no De-register came");
    const { tolerance } = bench.client;
    const register = await bench.next(
      "register",
      deregister.at + 120 * SECOND + bench.pace.patience,
    );
    const after = (register?.at ?? Number.POSITIVE_INFINITY) - deregister.at;
    const isAway = after >= 120 * SECOND - tolerance;
    bench.expect("away", isAway, `Register came after ${after / SECOND} s`);
    bench.expect("back", register !== undefined, "no Register came");
  },
});

const LIST_UPDATED = clientCase({
  id: "dormouse-update-list",
  title: "An Update tells of instances that came and went",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    created: "after a Create an Update lists the new instance, and all others",
    deleted: "after a Delete an Update does not list it any more",
  },
  async procedure(bench) {
    const listed = async (criterion: "created" | "deleted"): Promise<string[]> => {
      const update = await bench.next("update", bench.now() + bench.pace.prompt);
      const links = decodeLinks(new TextDecoder().decode(update?.message.payload));
      const hasList = update !== undefined && !isMalformed(links) && links.length > 0;
      bench.expect(criterion, hasList, "no Update with a list came");
      return isMalformed(links) ? [] : links.map(({ uri }) => uri);
    };
    const payload = encodeValues(TLV, "/16", { "/16/5/0/0": "a" });
    const create = await bench.post("/16", TLV, payload);
    bench.given(create.code === CREATED, "/16/5 could not be created");
    const after = await listed("created");
    const missing = ["/1/0", "/3/0", "/16/0", "/16/5"].find((path) => !after.includes(path));
    bench.expect("created", missing === undefined, `the Update does not list ${missing}`);
    const deleted = await bench.delete("/16/5");
    bench.given(deleted.code === DELETED, "/16/5 could not be deleted");
    const last = await listed("deleted");
    bench.expect("deleted", !last.includes("/16/5"), "the Update still lists /16/5");
    bench.expect("deleted", last.includes("/16/0"), "the Update does not list /16/0 any more");
  },
});

export const OWN_REGISTRATION_CASES: readonly ConformanceCase[] = [
  REGISTER_REPEATED,
  REGISTER_RETRY,
  DISABLE_TIMEOUT,
  LIST_UPDATED,
];
