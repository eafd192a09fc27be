/** What no published suite asks of a server about what clients send twice. */
import {
  CHANGED,
  CREATED,
  DELETE,
  DELETED,
  isSuccess,
  POST,
} from "../../../protocol/coap/codes.ts";
import { SENML_CBOR } from "../../../protocol/coap/content-formats.ts";
import { encodeMessage } from "../../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { encodeValues, formatBytes } from "../content.ts";
import { answered, codeWords } from "../raw-clients.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { ALL, expectHeard, isUnlisted, SINCE_1_1 } from "./server-expectations.ts";
import { OBSERVED, OBSERVED_LIST } from "./server-observation.ts";

const REPEATED_REGISTER = serverCase({
  id: "dormouse-server-duplicate",
  title: "A Register that comes twice is carried out once and answered twice alike",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5"],
  criteria: {
    same: "the second copy gets the answer of the first, with the same Location-Path",
    valid: "the location is good afterwards",
  },
  async procedure(bench) {
    const message = bench.registration();
    const first = bench.takeLocation(await bench.exchange(message));
    bench.given(first?.code === CREATED, answered("Register", first));
    bench.step("the network brings a second copy");
    const second = await bench.exchange(message);
    bench.expect("same", second?.code === CREATED, answered("the second copy", second));
    const locations = [first, second].map((one) => pathOf(one?.options ?? [], LOCATION_PATH));
    const isSame = locations[0] === locations[1];
    bench.expect("same", isSame, `the copies were given ${locations.join(" and ")}`);
    const update = await bench.update();
    bench.expect("valid", isSuccess(update?.code ?? 0), answered("Update", update));
  },
});

const REPEATED_OTHERS = serverCase({
  id: "dormouse-server-duplicates",
  title: "Update and De-register that come twice are answered twice alike",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5"],
  criteria: {
    update: "both copies of an Update get the same answer",
    deregister: "so do both of a De-register: 2.02, although the location is no more",
    refusal: "and both of an Update that is refused",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    for (const [criterion, message, code] of [
      ["update", bench.compose(POST, bench.location, { query: ["lt=200"] }), CHANGED],
      ["deregister", bench.compose(DELETE, bench.location), DELETED],
      ["refusal", bench.compose(POST, bench.location), undefined],
    ] as const) {
      const first = bench.givenFound(await bench.exchange(message), `no answer to ${criterion}`);
      bench.given(code === undefined || first.code === code, answered(criterion, first));
      const second = bench.expectFound(criterion, await bench.exchange(message), "nothing came");
      const isSame = formatBytes(encodeMessage(first)) === formatBytes(encodeMessage(second));
      bench.expect(criterion, isSame, `${codeWords(first)}, then ${codeWords(second)} came`);
    }
  },
});

const REPEATED_SEND = serverCase({
  id: "dormouse-server-duplicate-send",
  title: "A Send that comes twice is told once",
  versions: SINCE_1_1,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5", "LwM2M Core 1.1.1 §6.4.6"],
  needs: ["send"],
  criteria: {
    same: "both copies get the same answer",
    once: "its value reaches the operator once",
  },
  async procedure(bench) {
    bench.client.values.set(OBSERVED, 20.5);
    await bench.givenRegistered({ list: OBSERVED_LIST });
    await bench.carryOut({ kind: "listen", path: OBSERVED });
    const payload = encodeValues(SENML_CBOR, "/", { [OBSERVED]: 45.5 });
    const message = bench.compose(POST, "/dp", { format: SENML_CBOR, payload });
    const first = await bench.exchange(message);
    bench.given(first?.code === CHANGED, answered("Send", first));
    const second = await bench.exchange(message);
    bench.expect("same", second?.code === CHANGED, answered("the copy", second));
    await expectHeard(bench, "once", OBSERVED, "45.5");
    await bench.wait(SECOND);
    const count = bench.told(OBSERVED).filter((one) => one === "45.5").length;
    bench.expect("once", count === 1, `the operator was told 45.5 ${count} times`);
  },
});

const LATE_REGISTER = serverCase({
  id: "dormouse-server-late-register",
  title: "A copy of a Register that comes after De-register does not bring the client back",
  versions: ALL,
  clauses: ["RFC 7252 §4.5", "RFC 7252 §4.8.2"],
  needs: ["list"],
  criteria: { gone: "the operator does not see the client" },
  async procedure(bench) {
    const message = bench.registration();
    const answer = bench.takeLocation(await bench.exchange(message));
    bench.given(answer?.code === CREATED, answered("Register", answer));
    await bench.givenUpdated();
    await bench.givenDeregistered();
    bench.step("the network brings a copy of the Register that it had held back");
    await bench.exchange(message);
    await bench.wait(SECOND);
    bench.expect("gone", await isUnlisted(bench), "the operator sees the client again");
  },
});

export const SERVER_OWN_COPY_CASES: readonly ServerCase[] = [
  REPEATED_REGISTER,
  REPEATED_OTHERS,
  REPEATED_SEND,
  LATE_REGISTER,
];
