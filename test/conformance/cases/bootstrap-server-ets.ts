/** ETS 1.2 group 0-99, as far as it judges a Bootstrap-Server. */
import { CONTENT, DELETE, GET, POST } from "../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
} from "../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { ACCEPT, CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import { BOOTSTRAP_FORMATS } from "../../../protocol/lwm2m/bootstrap.ts";
import { ACCOUNT, instancesOf, planFault, SERVER_ID } from "../bootstrap-accounts.ts";
import {
  type BootstrapBench,
  describe,
  isWrite,
  nameOf,
  QUIET_PERIOD,
  writtenIn,
} from "../bootstrap-bench.ts";
import { type BootstrapServerCase, bootstrapServerCase } from "../bootstrap-harness.ts";
import type { BootstrapServerUnderTest } from "../bootstrap-under-test.ts";
import { decodeValues, formatName } from "../content.ts";
import { Ended } from "../judging.ts";
import type { Ladder } from "../ladder.ts";
import { answered } from "../raw-clients.ts";
import { SERVER_PROMPT, ServerBench } from "../server-bench.ts";
import {
  expectAccountKept,
  expectFinished,
  expectRequestTaken,
  expectWritten,
  FORMER_SERVER,
  fetchPack,
  givenFormerAccount,
  isBelow,
} from "./bootstrap-server-expectations.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
const SINCE_1_1 = ["1.1", "1.2"] as const;
const NO_DTLS = "with a NoSec account, where one with a pre-shared key is printed";

const CLIENT_INITIATED = bootstrapServerCase({
  id: "LightweightM2M-1.1-int-0",
  title: "Client Initiated Bootstrap",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  needs: ["configure", "discover"],
  correction: `${NO_DTLS}; Discover may come before the Writes`,
  criteria: {
    request: "Bootstrap-Request is answered by 2.04",
    discover: "Discover is a GET of / or of an object that accepts link format",
    write: "Writes of /0 and /1 hold the account that was configured",
    finish: "Finish, a POST on /bs without a payload, is the last request",
  },
  async procedure(bench) {
    await bench.givenConfigured({ ...ACCOUNT, discovers: true });
    await expectRequestTaken(bench, "request");
    const session = await bench.follow();
    const gets = session.requests.filter(({ message }) => message.code === GET);
    const discover = gets.find(({ message }) => acceptOf(message) === LINK_FORMAT);
    const isObject = /^\/\d*$/.test(discover?.path ?? "");
    bench.expect("discover", isObject, `no Discover came, but ${describe(session)}`);
    expectWritten(bench, "write", session, ACCOUNT);
    await expectFinished(bench, "finish", session);
  },
});

const BOOTSTRAP_DELETE = bootstrapServerCase({
  id: "LightweightM2M-1.1-int-4",
  title: "Bootstrap Delete",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7"],
  needs: ["configure"],
  correction: `${NO_DTLS}; one bootstrap of a client that has an account from before, since no interface orders single requests: the Read is in int-8`,
  criteria: {
    delete: "Deletes of /0 and of /1 come",
    before: "each before the Writes of its object",
    account: "the bootstrap account is neither deleted by its own path nor written over",
    replaced: "in the end the client has its bootstrap account, the new account and no other",
    finish: "Finish is the last request",
  },
  async procedure(bench) {
    bench.step(`the client has its bootstrap account in /0/1 and one of server ${FORMER_SERVER}`);
    givenFormerAccount(bench);
    await bench.givenConfigured();
    await bench.givenBegun();
    const session = await bench.follow();
    const { requests } = session;
    for (const object of ["/0", "/1"]) {
      const at = requests.findIndex(
        ({ message, path }) => message.code === DELETE && (path === object || path === "/"),
      );
      bench.expect("delete", at >= 0, `no Delete of ${object} came, but ${describe(session)}`);
      const write = requests.findIndex((one) => isWrite(one) && isBelow(one.path, object));
      const isBefore = write < 0 || at < write;
      bench.expect("before", isBefore, `${object} is deleted after it was written`);
    }
    expectAccountKept(bench, "account", session);
    expectReplaced(bench);
    await expectFinished(bench, "finish", session);
  },
});

function expectReplaced(bench: BootstrapBench<"replaced">): void {
  const written = new Map(bench.client.values);
  const ids = [...instancesOf(written, 0).values()].map((instance) => instance.get(10));
  const servers = [...instancesOf(written, 1).values()].map((instance) => instance.get(0));
  const words = `Short Server IDs are ${ids} in /0 and ${servers} in /1`;
  const isReplaced = `${ids}` === `${SERVER_ID}` && `${servers}` === `${SERVER_ID}`;
  bench.expect("replaced", isReplaced, words);
}

const SERVER_INITIATED = bootstrapServerCase({
  id: "LightweightM2M-1.1-int-5",
  title: "Server Initiated Bootstrap",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Core 1.1.1 §E.2"],
  needsLwm2mServer: true,
  criteria: {
    execute: "Execute of Bootstrap-Request Trigger that was ordered comes as a POST on /1/0/9",
    request: "the Bootstrap-Request that follows is answered by 2.04",
    finish: "the Bootstrap-Server writes and finishes",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    const server = lwm2mSideOf(bench);
    await server.givenRegistered();
    bench.step("the operator orders Execute of Bootstrap-Request Trigger");
    const orderId = await server.order({ kind: "execute", path: "/1/0/9" });
    const isTrigger = ({ path }: { path: string }) => path === "/1/0/9";
    const execute = await server.next(server.now() + SERVER_PROMPT, isTrigger);
    bench.expect("execute", execute?.message.code === POST, "no POST on /1/0/9 came");
    await server.ended(orderId);
    await expectRequestTaken(bench, "request");
    await expectFinished(bench, "finish", await bench.follow());
  },
});

/** The bench of the LwM2M Server: on the same ladder. */
class Lwm2mSide extends ServerBench {
  override readonly ladder: Ladder;

  constructor(server: NonNullable<BootstrapServerUnderTest["lwm2m"]>, bench: BootstrapBench) {
    super(server, bench.version, bench.endpointName);
    this.ladder = bench.ladder;
  }
}

function lwm2mSideOf(bench: BootstrapBench): ServerBench {
  const { lwm2m } = bench.server;
  if (lwm2m === undefined) throw new Ended("not run", "there is no LwM2M Server", undefined);
  return new Lwm2mSide(lwm2m, bench);
}

const ACCESS_CONTROL = { "/2/0/0": 3, "/2/0/1": 0, "/2/0/2/0": 31, "/2/0/3": 65535 };

const BOOTSTRAP_READ = bootstrapServerCase({
  id: "LightweightM2M-1.1-int-8",
  title: "Bootstrap Read",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7"],
  needs: ["configure", "read"],
  correction: `${NO_DTLS}; the Reads may come before the Writes`,
  criteria: {
    read: "Bootstrap-Read is a GET of /1 and a GET of /2",
    accept: "that asks for TLV, SenML JSON, SenML CBOR, LwM2M CBOR, or whatever the client has",
    write: "Writes of /0, /1 and /2 hold what was configured",
    finish: "Finish is the last request",
  },
  async procedure(bench) {
    givenFormerAccount(bench);
    for (const [path, value] of Object.entries(ACCESS_CONTROL))
      bench.client.values.set(path, value);
    const plan = { ...ACCOUNT, values: { ...ACCOUNT.values, ...ACCESS_CONTROL } };
    await bench.givenConfigured({ ...plan, reads: ["/1", "/2"] });
    await bench.givenBegun();
    const session = await bench.follow();
    for (const object of ["/1", "/2"]) {
      const read = session.requests.find(
        ({ message, path }) => message.code === GET && isBelow(path, object),
      );
      bench.expect("read", read !== undefined, `no Read of ${object}, but ${describe(session)}`);
      const accept = read === undefined ? ABSENT : acceptOf(read.message);
      const fits = accept === ABSENT || BOOTSTRAP_FORMATS.includes(accept);
      bench.expect("accept", fits, `the Read of ${object} asks for ${formatName(accept)}`);
    }
    expectWritten(bench, "write", session, plan);
    await expectFinished(bench, "finish", session);
  },
});

const CONSISTENCY = bootstrapServerCase({
  id: "LightweightM2M-1.1-int-9",
  title: "Bootstrap and Configuration Consistency",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  needs: ["configure", "single resources", "outcomes"],
  criteria: {
    write: "a Write of /1/0/5 comes, alone",
    finish: "Finish comes, which the client answers by 4.06",
    failed: "the server does not take that for success: its operator is told of a failure",
  },
  async procedure(bench) {
    const values = { "/1/0/5": 86400 };
    await bench.givenConfigured({ values, deletes: [], isPartial: true });
    await bench.givenBegun();
    const session = await bench.follow();
    const written = writtenIn(session);
    const isAlone = typeof written !== "string" && `${[...written]}` === "/1/0/5,86400";
    bench.expect("write", isAlone, `it asked ${describe(session)}`);
    bench.expect("finish", session.isFinished, `no Finish came, after ${describe(session)}`);
    const outcome = await bench.outcome();
    const words = `the operator was told ${outcome?.words ?? "nothing"}`;
    bench.expect("failed", outcome?.isSuccess === false, words);
  },
});

const PACK_FORMATS = [SENML_CBOR, SENML_JSON, LWM2M_CBOR];

const PACK = bootstrapServerCase({
  id: "LightweightM2M-1.2-int-12",
  title: "Bootstrap-Pack",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.1.7.7", "LwM2M Transport 1.2.2 §6.4.2", "RFC 9175 §2.4"],
  needs: ["configure"],
  correction: `answered by 2.05, where 2.04 is printed; ${NO_DTLS}; a 4.01 with Echo before that is an answer of a server that does not know where the client is`,
  criteria: {
    pack: "Bootstrap-Pack-Request is answered by 2.05",
    format: "in the format that it accepts: SenML CBOR, SenML JSON, LwM2M CBOR",
    account: "with the account that was configured",
    alone: "and no request follows, Finish neither",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    for (const accept of PACK_FORMATS) {
      bench.step(`the client asks for a pack in ${formatName(accept)}`);
      const answer = await fetchPack(bench, accept);
      bench.expect("pack", answer?.code === CONTENT, answered("Bootstrap-Pack-Request", answer));
      const format = answer === undefined ? ABSENT : uintOf(answer.options, CONTENT_FORMAT, ABSENT);
      bench.expect("format", format === accept, `the pack is in ${formatName(format)}`);
      const values = answer && decodeValues(format, answer.payload, "/");
      const fault =
        typeof values === "object" ? planFault(ACCOUNT, values) : (values ?? "there is no pack");
      bench.expect("account", fault === "", fault);
    }
    const more = await bench.unexpected(QUIET_PERIOD);
    bench.expect("alone", more === undefined, more === undefined ? "" : `${nameOf(more)} came`);
  },
});

export const BOOTSTRAP_SERVER_ETS_CASES: readonly BootstrapServerCase[] = [
  CLIENT_INITIATED,
  BOOTSTRAP_DELETE,
  SERVER_INITIATED,
  BOOTSTRAP_READ,
  CONSISTENCY,
  PACK,
];

const ABSENT = -1;

function acceptOf(message: Message): number {
  return uintOf(message.options, ACCEPT, ABSENT);
}
