/** What no published suite asks of a Bootstrap-Server: which requests it sends, in which order, and what it writes. */
import { decodeBlock } from "../../../protocol/coap/block.ts";
import { DELETE } from "../../../protocol/coap/codes.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { BLOCK1, findOption } from "../../../protocol/coap/options.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { parsePath } from "../../../protocol/model/path.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { ACCOUNT, accountFaults, accountValues, planFault } from "../bootstrap-accounts.ts";
import {
  type BootstrapBench,
  describe,
  isFinish,
  isWrite,
  nameOf,
  writtenIn,
} from "../bootstrap-bench.ts";
import type { Heard } from "../bootstrap-client.ts";
import { type BootstrapServerCase, bootstrapServerCase } from "../bootstrap-harness.ts";
import type { BootstrapPlan } from "../bootstrap-under-test.ts";
import { CERTIFICATE, PRIVATE_KEY } from "../certificates.ts";
import type { Downlink } from "../scripted-client.ts";
import {
  expectAccountKept,
  expectFinished,
  expectWritten,
  isBelow,
} from "./bootstrap-server-expectations.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
const SINCE_1_1 = ["1.1", "1.2"] as const;
/** How long the client takes for an answer: less than any retransmission timeout (RFC 7252 §4.8). */
const THINKING = SECOND;

const ORDER = bootstrapServerCase({
  id: "dormouse-bootstrap-order",
  title: "Requests come one at a time, after the answer, and Finish is the last",
  versions: ALL,
  clauses: [
    "LwM2M Core 1.1.1 §6.1.7",
    "LwM2M Transport 1.1.1 §6.4.1",
    "LwM2M Transport 1.1.1 §6.4.2",
    "RFC 7252 §4.7",
  ],
  criteria: {
    after: "nothing is asked before Bootstrap-Request is answered",
    single: "no request comes while another one is not answered",
    confirmable: "each request is Confirmable",
    path: "each is about /, an object, an instance or a resource, by its plain path, or POST on /bs",
    "deletes-first": "what is deleted is deleted before it is written",
    last: "Finish, without a payload, comes once and is the last",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    bench.client.special = () => "silence";
    await bench.givenBegun();
    const [early] = bench.takeAll();
    const before = early === undefined ? "" : `${nameOf(early)} came before the answer`;
    bench.expect("after", early === undefined, before);
    const requests = await answeringSlowly(bench);
    for (const request of requests) expectForm(bench, request);
    bench.expect("path", requests.length > 0, "nothing was asked");
    for (const [i, request] of requests.entries()) {
      const isLate = ({ path }: Downlink) => isBelow(path, request.path) || request.path === "/";
      const written = requests.slice(0, i).find((one) => isWrite(one) && isLate(one));
      const isDelete = request.message.code === DELETE;
      const words = `${nameOf(request)} came after the Write of ${written?.path}`;
      bench.expect("deletes-first", !isDelete || written === undefined, words);
    }
    await expectFinished(bench, "last", { requests, isFinished: requests.some(isFinish) });
  },
});

/** Answers each request after a while, and judges that nothing else comes meanwhile. */
async function answeringSlowly(bench: BootstrapBench<"single">): Promise<Downlink[]> {
  const requests: Downlink[] = [];
  for (;;) {
    const request = await bench.nextRequest();
    if (request === undefined) return requests;
    requests.push(request);
    const other = await bench.nextRequest(THINKING);
    const words =
      other === undefined ? "" : `${nameOf(other)} came before ${nameOf(request)} was answered`;
    bench.expect("single", other === undefined, words);
    await bench.reply(request, bench.client.obey(request));
    if (isFinish(request)) return requests;
  }
}

function expectForm(bench: BootstrapBench<"confirmable" | "path">, request: Downlink): void {
  const name = nameOf(request);
  bench.expect("confirmable", request.message.type === CON, `${name} is not Confirmable`);
  const path = parsePath(request.path);
  const isPlain = path !== undefined && path.length <= 3;
  bench.expect("path", isFinish(request) || isPlain, `${name} is none`);
}

const WHOLE_ACCOUNT = bootstrapServerCase({
  id: "dormouse-bootstrap-account",
  title: "What is written is accounts that a client can use",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.2", "LwM2M Core 1.1.1 §E.1", "LwM2M Core 1.1.1 §E.2"],
  criteria: {
    complete:
      "each instance of Security and Server has what is mandatory, and the keys that its mode needs; there is an account of a server",
    paired:
      "each server's instance of /0 has one of /1 with its Short Server ID, and the other way",
    range: "Short Server IDs are from 1 to 65534",
    single: "there is one bootstrap account at most",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    await bench.givenBegun();
    const session = await bench.follow();
    const written = writtenIn(session);
    bench.given(typeof written !== "string", `${written}`);
    const faults = accountFaults(typeof written === "string" ? new Map() : written);
    bench.expect("range", faults.range === "", faults.range);
    bench.expect("single", faults.single === "", faults.single);
    bench.expect("complete", faults.complete === "", faults.complete);
    bench.expect("paired", faults.paired === "", faults.paired);
  },
});

const KEEPS_ACCOUNT = bootstrapServerCase({
  id: "dormouse-bootstrap-keeps-account",
  title: "Who has discovered where the bootstrap account is leaves it alone",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Core 1.1.1 §6.1.2"],
  needs: ["configure", "discover"],
  criteria: {
    kept: "the bootstrap account's instances are neither deleted by their own path nor written over",
    written: "the account that was configured is written beside it",
    finish: "Finish is the last request",
  },
  async procedure(bench) {
    bench.step("the client has its bootstrap account where the new one was to be, with /21/0");
    bench.client.bootstrapAccount = ["/0/1", "/21/0"];
    const plan = { ...ACCOUNT, values: accountValues("/0/1", "/1/0") };
    await bench.givenConfigured({ ...plan, discovers: true });
    await bench.givenBegun();
    const session = await bench.follow();
    expectAccountKept(bench, "kept", session);
    expectWritten(bench, "written", session, plan);
    await expectFinished(bench, "finish", session);
  },
});

/** Bytes of a block at most (RFC 7959 §2.2), and those that a small client asks for. */
const LARGEST_BLOCK = 1024;
const SMALL_BLOCK = 64;

/** An account with certificates, which no single datagram takes. */
const LARGE: BootstrapPlan = {
  ...ACCOUNT,
  values: {
    ...accountValues(),
    "/0/0/0": "coaps://192.0.2.1:5684",
    "/0/0/2": 2,
    "/0/0/3": CERTIFICATE,
    "/0/0/4": CERTIFICATE,
    "/0/0/5": PRIVATE_KEY,
  },
};

const BLOCKWISE = bootstrapServerCase({
  id: "dormouse-bootstrap-blockwise",
  title: "What is too large for a datagram is written in blocks",
  versions: ALL,
  clauses: ["LwM2M Transport 1.1.1 §6.1", "RFC 7959 §2.3", "RFC 7959 §2.5"],
  needs: ["configure"],
  criteria: {
    blocks: "an account with certificates comes in blocks of at most 1024 bytes, numbered from 0",
    whole: "which make up what was configured",
    smaller: "a client that asks for smaller blocks is given them, from where it was",
    finish: "and Finish follows",
  },
  async procedure(bench) {
    await bench.givenConfigured(LARGE);
    await bench.givenBegun();
    const session = await bench.follow();
    const fault = blockFault(bench.client.heard, LARGEST_BLOCK);
    bench.expect("blocks", fault === "", fault);
    expectWritten(bench, "whole", session, LARGE);
    bench.expect("finish", session.isFinished, `no Finish came, after ${describe(session)}`);
    bench.step(`the client asks for blocks of ${SMALL_BLOCK} bytes`);
    bench.client.heard.length = 0;
    bench.client.blockSize = SMALL_BLOCK;
    await bench.wait(SECOND);
    await bench.givenBegun();
    const small = await bench.follow();
    const smallFault = blockFault(bench.client.heard, SMALL_BLOCK);
    bench.expect("smaller", smallFault === "", smallFault);
    const written = writtenIn(small);
    const why = typeof written === "string" ? written : planFault(LARGE, written);
    bench.expect("smaller", why === "", why);
    bench.expect("finish", small.isFinished, `no Finish came, after ${describe(small)}`);
  },
});

/** What is wrong with the blocks of Writes, "" where nothing is: each goes on where the one before ended. */
function blockFault(heard: readonly Heard[], largest: number): string {
  let offset = 0;
  let count = 0;
  const seen = new Set<number>();
  for (const one of heard) {
    // A repetition is no block of its own.
    if (seen.has(one.message.messageId)) continue;
    seen.add(one.message.messageId);
    const option = findOption(one.message.options, BLOCK1);
    const { length } = one.message.payload;
    if (option === undefined) {
      if (length > LARGEST_BLOCK) return `${nameOf(one)} carries ${length} bytes in one datagram`;
      continue;
    }
    const block = decodeBlock(option.value);
    if (isMalformed(block)) return `${nameOf(one)}: ${block.fault}`;
    if (block.num === 0) offset = 0;
    const at = `block ${block.num} of ${nameOf(one)}`;
    if (block.num > 0 && block.size > largest) return `${at} is of ${block.size} bytes`;
    if (length > LARGEST_BLOCK) return `${at} carries ${length} bytes`;
    if (block.num * block.size !== offset)
      return `${at} begins at ${block.num * block.size}, not at ${offset}`;
    offset += length;
    count++;
  }
  return count === 0 ? "nothing came in blocks" : "";
}

export const BOOTSTRAP_SERVER_OPERATION_CASES: readonly BootstrapServerCase[] = [
  ORDER,
  WHOLE_ACCOUNT,
  KEEPS_ACCOUNT,
  BLOCKWISE,
];
