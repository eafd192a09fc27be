/** Firmware Update where the ETS stops: resets, wrong states, broken pushes, a second try, other protocols. */
import {
  BAD_REQUEST,
  CHANGED,
  CONTINUE,
  METHOD_NOT_ALLOWED,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { OCTET_STREAM, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { MINUTE } from "../../../protocol/time/duration.ts";
import { type Bench, was } from "../bench.ts";
import { BlockTransfer } from "../block-wise.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_8 } from "../configurations.ts";
import {
  DOWNLOADED,
  DOWNLOADING,
  expectNow,
  expectPushed,
  expectState,
  expectUri,
  givenDownloaded,
  givenHalfPushed,
  givenPushed,
  IDLE,
  imageOf,
  NUL,
  stateNow,
  stateWhen,
  UPDATE,
  valuesOf,
} from "../firmware.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §E.6", "LwM2M Core 1.2.2 §E.6.1"];
const NEEDS = { features: ["firmware update"], formats: [TLV] } as const;

const NO_PACKAGE = new Uint8Array(0);

/** What is written to reset, by name. */
const RESETS: readonly (readonly [
  name: string,
  write: (bench: Bench) => ReturnType<Bench["put"]>,
])[] = [
  ["a package of one NUL", (bench) => bench.put("/5/0/0", OCTET_STREAM, NUL)],
  ["a package of no bytes", (bench) => bench.put("/5/0/0", OCTET_STREAM, NO_PACKAGE)],
  ["an empty URI", (bench) => bench.put("/5/0/1", TEXT, "")],
];

const RESET = clientCase({
  id: "dormouse-firmware-reset",
  title: "An empty package or URI resets an update in every state",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["image", "corrupt"] },
  criteria: {
    downloaded: "in state 2 each leads to state 0, result 0",
    failed: "so after a package that was refused",
    pushing: "so in the middle of a push",
    again: "and the image can be pushed afterwards",
    gone: "Update is answered by 4.05: there is nothing to install",
  },
  async procedure(bench) {
    for (const [name, reset] of RESETS) {
      await givenDownloaded(bench);
      bench.step(name);
      bench.expectCode("downloaded", await reset(bench), CHANGED);
      await expectState(bench, "downloaded", IDLE, 0);
      bench.expectCode("gone", await bench.execute(UPDATE), METHOD_NOT_ALLOWED);
      // The last block may be answered by an error of its own.
      await new BlockTransfer(
        bench,
        { method: PUT, path: "/5/0/0", format: OCTET_STREAM },
        imageOf(bench, "corrupt"),
        1024,
      ).rest();
      const { result } = await stateWhen(bench, (_, now) => now !== 0);
      bench.given(result !== 0, "a corrupt package was not refused");
      bench.expectCode("failed", await reset(bench), CHANGED);
      await expectState(bench, "failed", IDLE, 0);
      await givenHalfPushed(bench);
      bench.expectCode("pushing", await reset(bench), CHANGED);
      await expectState(bench, "pushing", IDLE, 0);
    }
    await expectPushed(bench, "again", "image");
    await expectState(bench, "again", DOWNLOADED, 0);
  },
});

const WRONG_STATES = clientCase({
  id: "dormouse-firmware-states",
  title: "Update is executed in state 2 only",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["image", "corrupt"] },
  criteria: {
    idle: "in state 0 it is answered by 4.05, also after a package that was refused",
    downloading:
      "in the middle of a push the state is 1, or 0 where it counts when it is whole; it is answered by 4.05",
    completes: "which does the push no harm: it leads to state 2",
    updating: "once it has been executed it is not executed again",
  },
  async procedure(bench) {
    bench.expectCode("idle", await bench.execute(UPDATE), METHOD_NOT_ALLOWED);
    const question = { method: PUT, path: "/5/0/0", format: OCTET_STREAM };
    await new BlockTransfer(bench, question, imageOf(bench, "corrupt"), 1024).rest();
    await stateWhen(bench, (_, result) => result !== 0);
    bench.expectCode("idle", await bench.execute(UPDATE), METHOD_NOT_ALLOWED);
    const transfer = await givenHalfPushed(bench);
    const { state } = await stateNow(bench);
    const isUnderWay = state === DOWNLOADING || state === IDLE;
    bench.expect("downloading", isUnderWay, `the state is ${state}`);
    bench.expectCode("downloading", await bench.execute(UPDATE), METHOD_NOT_ALLOWED);
    bench.expectCode("completes", await transfer.rest(), CHANGED);
    await expectState(bench, "completes", DOWNLOADED, 0);
    const first = await bench.execute(UPDATE);
    bench.given(first.code === CHANGED, `${was(first)}, not by 2.04`);
    const second = await bench.execute(UPDATE);
    bench.expect("updating", second.code !== CHANGED, `${was(second)} though it is under way`);
  },
});

const BROKEN_PUSH = clientCase({
  id: "dormouse-firmware-broken-push",
  title: "A push that breaks off is over, and another one succeeds",
  versions: ALL,
  clauses: [...CLAUSES, "RFC 7959 §2.5", "RFC 7959 §2.9.2"],
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["image"] },
  criteria: {
    gap: "a push with a gap does not lead to state 2",
    silence: "one that stands still for ten minutes neither, whether it is forgotten or waits",
    anew: "a push from the first block on, after a reset, leads to state 2, result 0",
    twice: "so does one each of whose blocks comes twice",
  },
  async procedure(bench) {
    const gapped = await givenHalfPushed(bench);
    gapped.skip();
    await gapped.rest();
    const after = await stateWhen(bench, (state) => state !== DOWNLOADING);
    bench.expect("gap", after.state !== DOWNLOADED, "the state is 2 though a block is missing");
    await expectPushedAnew(bench);
    bench.step("a push stands still");
    await bench.put("/5/0/0", OCTET_STREAM, NUL);
    await givenHalfPushed(bench);
    await bench.wait(10 * MINUTE);
    const { state, result } = await stateNow(bench);
    // 0 and 0 where a push counts when it is whole.
    const isOver = state === IDLE && (result === 4 || result === 0);
    const why = `state ${state}, result ${result}`;
    bench.expect("silence", isOver || state === DOWNLOADING, why);
    await expectPushedAnew(bench);
    bench.step("each block comes twice");
    await bench.put("/5/0/0", OCTET_STREAM, NUL);
    await expectPushedTwice(bench);
  },
});

async function expectPushedAnew(bench: Bench<"anew">): Promise<void> {
  await bench.put("/5/0/0", OCTET_STREAM, NUL);
  await expectPushed(bench, "anew", "image");
  await expectState(bench, "anew", DOWNLOADED, 0);
}

async function expectPushedTwice(bench: Bench<"twice">): Promise<void> {
  const question = { method: PUT, path: "/5/0/0", format: OCTET_STREAM };
  const transfer = new BlockTransfer(bench, question, imageOf(bench, "image"), 512);
  let isOver = false;
  while (!isOver) {
    isOver = transfer.isLast;
    const message = bench.compose(transfer.part());
    const wanted = isOver ? CHANGED : CONTINUE;
    for (const name of ["block", "copy"]) {
      const code = (await bench.exchange(message))?.code;
      bench.expect("twice", code === wanted, `the ${name} at byte ${transfer.at} was refused`);
    }
    transfer.skip();
  }
  await expectState(bench, "twice", DOWNLOADED, 0);
}

const SECOND_TRY = clientCase({
  id: "dormouse-firmware-again",
  title: "After an installation that failed there can be another",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["image", "failing"] },
  criteria: {
    failed: "the result of an image that does not install is 8",
    again: "where the state is 2 then, a second Update leads to result 8 again",
    success: "a good image, pushed after a reset, installs: state 0, result 1",
  },
  async procedure(bench) {
    await givenPushed(bench, "failing");
    await stateWhen(bench, (state) => state === DOWNLOADED);
    await bench.execute(UPDATE);
    const first = await stateWhen(bench, (_, result) => result !== 0);
    bench.expect("failed", first.result === 8, `the result is ${first.result}`);
    if (first.state === DOWNLOADED) {
      bench.expectCode("again", await bench.execute(UPDATE), CHANGED);
      const second = await stateWhen(bench, (state, result) => state !== 3 && result !== 0);
      bench.expect("again", second.result === 8, `the result is ${second.result} then`);
    } else bench.expect("again", first.state === IDLE, `the state is ${first.state}`);
    await bench.put("/5/0/0", OCTET_STREAM, NUL);
    await givenDownloaded(bench);
    bench.expectCode("success", await bench.execute(UPDATE), CHANGED);
    await expectState(bench, "success", IDLE, 1);
  },
});

const SCHEMES = ["coap", "coaps", "http", "https", "coap+tcp", "coaps+tcp"];

const PROTOCOLS = clientCase({
  id: "dormouse-firmware-protocol",
  title: "Firmware Update: error, unsupported protocol; and URIs that are too long",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    unlisted: "a URI of a protocol that /5/0/8 does not list leads to state 0, result 9",
    unknown: "one of a scheme that nobody has numbered leads to state 0, result 9 or 7",
    long: "one of 300 characters is refused by 4.00, or leads to state 0, result 7",
    reset: "an empty URI leads to result 0 again",
  },
  async procedure(bench) {
    const values = valuesOf(await bench.read("/5/0", TLV));
    const said = [...values].filter(([path]) => path.startsWith("/5/0/8/"));
    // Without a list it is CoAP.
    const listed = said.length === 0 ? [0] : said.map(([, value]) => value);
    const unlisted = SCHEMES.filter((_, i) => !listed.includes(i));
    for (const scheme of unlisted) {
      await bench.put("/5/0/1", TEXT, `${scheme}://192.0.2.1/image`);
      await expectState(bench, "unlisted", IDLE, 9);
    }
    // A client that has them all cannot fail for the lack of one.
    if (unlisted.length === 0) bench.expect("unlisted", true, "");
    await bench.put("/5/0/1", TEXT, "gopher://192.0.2.1/image");
    const unknown = await stateWhen(bench, (state, result) => state === IDLE && result !== 0);
    const isKnown = unknown.result === 9 || unknown.result === 7;
    bench.expect("unknown", isKnown, `state ${unknown.state}, result ${unknown.result}`);
    bench.expectCode("reset", await bench.put("/5/0/1", TEXT, ""), CHANGED);
    await expectState(bench, "reset", IDLE, 0);
    const long = await bench.put("/5/0/1", TEXT, `coap://192.0.2.1/${"a".repeat(300)}`);
    if (long.code === BAD_REQUEST) return bench.expect("long", true, "");
    await expectState(bench, "long", IDLE, 7);
  },
});

const DOWNLOAD_AGAIN = clientCase({
  id: "dormouse-firmware-download",
  title: "A download is reset on its way, and begun again",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["uri", "haltingUri"] },
  criteria: {
    downloading: "a download that comes to a halt is in state 1, where Update is answered by 4.05",
    reset: "an empty URI ends it: state 0, result 0, and it stays so",
    downloaded: "another URI leads to state 2, result 0",
    again: "and so once more after a reset",
  },
  async procedure(bench) {
    await bench.put("/5/0/1", TEXT, `${bench.firmware.haltingUri}`);
    const { state } = await stateWhen(bench, (now) => now === DOWNLOADING);
    bench.expect("downloading", state === DOWNLOADING, `the state is ${state}, not 1`);
    bench.expectCode("downloading", await bench.execute(UPDATE), METHOD_NOT_ALLOWED);
    bench.expectCode("reset", await bench.put("/5/0/1", TEXT, ""), CHANGED);
    await expectState(bench, "reset", IDLE, 0);
    await bench.wait(10 * MINUTE);
    await expectNow(bench, "reset", IDLE, 0);
    await expectUri(bench, "downloaded", `${bench.firmware.uri}`);
    await expectState(bench, "downloaded", DOWNLOADED, 0);
    bench.expectCode("again", await bench.put("/5/0/1", TEXT, ""), CHANGED);
    await expectState(bench, "again", IDLE, 0);
    await expectUri(bench, "again", `${bench.firmware.uri}`);
    await expectState(bench, "again", DOWNLOADED, 0);
  },
});

export const OWN_FIRMWARE_CASES: readonly ConformanceCase[] = [
  RESET,
  WRONG_STATES,
  BROKEN_PUSH,
  SECOND_TRY,
  PROTOCOLS,
  DOWNLOAD_AGAIN,
];
