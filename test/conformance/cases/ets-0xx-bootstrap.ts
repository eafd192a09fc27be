/** ETS 1.2 group 0-99, Bootstrap. */
import { CHANGED, CONTENT, DELETED, NOT_ACCEPTABLE } from "../../../protocol/coap/codes.ts";
import { SENML_CBOR, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { attributeOf } from "../../../protocol/coap/link-format.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { ACCEPT, CONTENT_FORMAT, uintOf, uintOption } from "../../../protocol/coap/options.ts";
import { PACK_FORMATS } from "../../../protocol/lwm2m/bootstrap.ts";
import { MINUTE } from "../../../protocol/time/duration.ts";
import type { Bench } from "../bench.ts";
import {
  accountAt,
  bootstrapDelete,
  bootstrapDiscover,
  bootstrapFinish,
  bootstrapRead,
  bootstrapWrite,
  expectDiscovered,
  expectRequest,
  givenBootstrapped,
  givenRequest,
} from "../bootstrapping.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_1_BOOTSTRAP, C_13, withValues } from "../configurations.ts";
import { encodeValues, formatName } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
const NEEDS = { features: ["bootstrap"], formats: [TLV] } as const;
const NO_DTLS = "with a NoSec account, where one with a pre-shared key is printed";

const CLIENT_INITIATED = clientCase({
  id: "LightweightM2M-1.1-int-0",
  title: "Client Initiated Bootstrap",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  configuration: C_13,
  begins: "off",
  needs: NEEDS,
  correction: `${NO_DTLS}; the payloads are in the format of pct, or TLV`,
  criteria: {
    request: "Bootstrap-Request is a Confirmable POST on /bs with ep, which 1.0 requires",
    write: "Writes of /0 and /1 are answered by 2.04",
    discover: "Discover of / is answered by 2.05 and says the version first",
    accounts: "it lists /0/0 and /1/0 with ssid=1, /0/1 without any, and /3/0",
    finish: "Finish is answered by 2.04",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    const session = await expectRequest(bench, "request", bench.pace.patience);
    const account = accountAt(bench);
    bench.step("the bootstrap server writes an account");
    for (const path of ["/0", "/1"] as const) {
      const write = await bootstrapWrite(bench, session, path, account[path]);
      bench.expectCode("write", write, CHANGED);
    }
    const discover = await bootstrapDiscover(bench, "/");
    bench.expectCode("discover", discover, CONTENT);
    const { version, links } = expectDiscovered(bench, "discover", discover);
    bench.expect("discover", version === bench.version, `it says lwm2m=${version}`);
    expectAccounts(bench, links);
    bench.expectCode("finish", await bootstrapFinish(bench), CHANGED);
  },
});

function expectAccounts(
  bench: Bench<"accounts">,
  links: ReturnType<typeof expectDiscovered>["links"],
): void {
  const missing = ["/0/0", "/0/1", "/1/0", "/3/0"].find((uri) => !links.has(uri));
  bench.expect("accounts", missing === undefined, `${missing} is not listed`);
  for (const [uri, wanted] of [
    ["/0/0", "1"],
    ["/1/0", "1"],
    ["/0/1", undefined],
  ] as const) {
    const link = links.get(uri);
    const shortServerId = link === undefined ? undefined : attributeOf(link, "ssid");
    const why = `${uri} has ssid=${shortServerId}, not ${wanted}`;
    bench.expect("accounts", shortServerId === wanted, why);
  }
}

const BOOTSTRAP_DELETE = clientCase({
  id: "LightweightM2M-1.1-int-4",
  title: "Bootstrap Delete",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7"],
  configuration: C_13,
  begins: "off",
  needs: NEEDS,
  correction: NO_DTLS,
  criteria: {
    delete: "Deletes of /0 and /1 are answered by 2.02",
    survives: "Discover then still lists the bootstrap account, /0/1, and /3/0",
    gone: "but neither /0/0 nor an instance of /1",
    register: "written anew and finished the client registers",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    const session = await givenRequest(bench, bench.pace.patience);
    const account = accountAt(bench);
    for (const path of ["/0", "/1"] as const) {
      const write = await bootstrapWrite(bench, session, path, account[path]);
      bench.given(write.code === CHANGED, `the Write of ${path} was answered by ${write.outcome}`);
    }
    bench.step("the bootstrap server deletes all accounts");
    bench.expectCode("delete", await bootstrapDelete(bench, "/0"), DELETED);
    bench.expectCode("delete", await bootstrapDelete(bench, "/1"), DELETED);
    const { links } = expectDiscovered(bench, "survives", await bootstrapDiscover(bench, "/"));
    const missing = ["/0/1", "/3/0"].find((uri) => !links.has(uri));
    bench.expect("survives", missing === undefined, `${missing} is not listed any more`);
    const left = [...links.keys()].find((uri) => uri === "/0/0" || uri.startsWith("/1/"));
    bench.expect("gone", left === undefined, `${left} is listed still`);
    bench.step("the bootstrap server writes the account again");
    await givenBootstrapped(bench, session);
    await expectRegistered(bench, "register");
  },
});

const SERVER_INITIATED = clientCase({
  id: "LightweightM2M-1.1-int-5",
  title: "Server Initiated Bootstrap",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Core 1.1.1 §E.2"],
  configuration: C_1_BOOTSTRAP,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    execute: "Execute of /1/0/9 is answered by 2.04",
    request: "a Bootstrap-Request follows",
    finish: "the account is written, and Finish is answered by 2.04",
    register: "the client registers",
  },
  async procedure(bench) {
    bench.expectCode("execute", await bench.execute("/1/0/9"), CHANGED);
    const session = await expectRequest(bench, "request", bench.now() + bench.pace.patience);
    bench.server.isRegistered = false;
    const account = accountAt(bench);
    for (const path of ["/0", "/1"] as const) {
      const write = await bootstrapWrite(bench, session, path, account[path]);
      bench.expectCode("finish", write, CHANGED);
    }
    bench.expectCode("finish", await bootstrapFinish(bench), CHANGED);
    await expectRegistered(bench, "register");
  },
});

const SEQUENCE = clientCase({
  id: "LightweightM2M-1.1-int-6",
  title: "Bootstrap Sequence",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.2", "LwM2M Core 1.1.1 §6.1.6"],
  configuration: C_1_BOOTSTRAP,
  begins: "off",
  needs: NEEDS,
  correction:
    "without a smartcard, from C.1 with a bootstrap account: that a client without any other account bootstraps is shown by int-0",
  criteria: {
    register: "the client registers with the server that it knows from the factory",
    silent: "and does not ask the bootstrap server",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    await expectRegistered(bench, "register");
    await bench.wait(bench.pace.patience);
    const request = bench.take("bootstrap") ?? bench.take("pack");
    bench.expect("silent", request === undefined, "a Bootstrap-Request came");
  },
});

const FALLBACK = clientCase({
  id: "LightweightM2M-1.1-int-7",
  title: "Fallback to bootstrap",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.6", "LwM2M Core 1.1.1 §6.2.1.2"],
  configuration: {
    ...withValues(C_1_BOOTSTRAP, 1, 0, { 16: true, 17: 1, 18: 10, 20: 1 }),
    name: "C.1 with the bootstrap account of C.13 and one retry after 10 s",
    servers: 2,
  },
  begins: "off",
  needs: NEEDS,
  criteria: {
    request: "after Registers that nobody answered a Bootstrap-Request comes",
    register: "the client registers with the server that was written",
  },
  async procedure(bench) {
    bench.step("the client is switched on; the server that it knows is dead");
    bench.server.answer = () => "silence";
    await bench.client.start();
    const tried = await bench.next("register", bench.pace.patience);
    bench.given(tried !== undefined, "the client did not try its server");
    const session = await expectRequest(bench, "request", bench.now() + FALLBACK_PERIOD);
    await givenBootstrapped(bench, session, 1);
    await expectRegistered(bench, "register", 1);
  },
});

/** Two attempts of 93 s, the time between them, and the time that a client may hold off a Bootstrap-Request. */
const FALLBACK_PERIOD = 10 * MINUTE;

const BOOTSTRAP_READ = clientCase({
  id: "LightweightM2M-1.1-int-8",
  title: "Bootstrap Read",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7"],
  configuration: C_13,
  begins: "off",
  needs: NEEDS,
  correction: NO_DTLS,
  criteria: {
    write: "Writes of /0, /1 and /2/0 are answered by 2.04",
    server: "Read of /1 is answered by 2.05 with the values",
    "access-control": "so is Read of /2",
    finish: "Finish is answered by 2.04",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    const session = await givenRequest(bench, bench.pace.patience);
    const accessControl = { "/2/0/0": 3, "/2/0/1": 0, "/2/0/2/0": 31, "/2/0/3": 65535 };
    const objects = { ...accountAt(bench), "/2": accessControl };
    for (const [path, values] of Object.entries(objects)) {
      bench.expectCode("write", await bootstrapWrite(bench, session, path, values), CHANGED);
    }
    for (const [criterion, path, values] of [
      ["server", "/1", objects["/1"]],
      ["access-control", "/2", accessControl],
    ] as const) {
      const read = await bootstrapRead(bench, path, session.format);
      bench.expectValues(criterion, read, values, session.format);
    }
    bench.expectCode("finish", await bootstrapFinish(bench), CHANGED);
  },
});

const CONSISTENCY = clientCase({
  id: "LightweightM2M-1.1-int-9",
  title: "Bootstrap and Configuration Consistency",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  configuration: C_13,
  begins: "off",
  needs: NEEDS,
  criteria: {
    write: "Write of /1/0/5 alone is answered by 2.04",
    refused: "Finish is answered by 4.06: there is no account to register with",
    silent: "and the client registers nowhere",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    await givenRequest(bench, bench.pace.patience);
    const write = await bootstrapWrite(bench, { format: TEXT }, "/1/0/5", { "/1/0/5": 86400 });
    bench.expectCode("write", write, CHANGED);
    bench.expectCode("refused", await bootstrapFinish(bench), NOT_ACCEPTABLE);
    await bench.wait(bench.pace.patience);
    const register = bench.take("register");
    bench.expect("silent", register === undefined, "a Register came");
  },
});

const PACK = clientCase({
  id: "LightweightM2M-1.2-int-12",
  title: "Bootstrap-Pack",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.1.7.7", "LwM2M Transport 1.2.2 §6.4.2"],
  configuration: C_13,
  begins: "off",
  needs: { features: ["bootstrap", "bootstrap pack"], formats: [SENML_CBOR] },
  correction: `answered by 2.05, where 2.04 is printed; ${NO_DTLS}`,
  criteria: {
    request: "Bootstrap-Pack-Request is a Confirmable GET on /bspack",
    accept: "that accepts SenML JSON, SenML CBOR or LwM2M CBOR",
    register: "answered by 2.05 with /0 and /1 the client registers with the new account",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    bench.bootstrapServer.answer = ({ kind, message }) => {
      if (kind !== "pack") return undefined;
      const accepted = uintOf(message.options, ACCEPT, SENML_CBOR);
      const account = accountAt(bench);
      const values = { ...account["/0"], ...account["/1"] };
      const payload = encodeValues(accepted, "/", values);
      return { code: CONTENT, options: [uintOption(CONTENT_FORMAT, accepted)], payload };
    };
    await bench.client.start();
    const request = await bench.next("pack", bench.pace.patience);
    bench.expect("request", request?.message.type === CON, "no Confirmable GET on /bspack came");
    const accepted = request === undefined ? 0 : uintOf(request.message.options, ACCEPT, -1);
    const fits = PACK_FORMATS.includes(accepted);
    bench.expect("accept", fits, `it accepts ${formatName(accepted < 0 ? undefined : accepted)}`);
    await expectRegistered(bench, "register");
  },
});

/** A criterion: the client registers with this server. */
async function expectRegistered<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  server = 0,
): Promise<void> {
  const until = bench.now() + bench.pace.patience;
  for (;;) {
    const register = await bench.next("register", until);
    const why = `no Register came to server ${server + 1} within ${formatPatience(bench)}`;
    bench.expect(criterion, register !== undefined, why);
    if (register?.server === server) return;
  }
}

function formatPatience({ pace }: Bench): string {
  return `${pace.patience / 1000} s`;
}

export const BOOTSTRAP_CASES: readonly ConformanceCase[] = [
  CLIENT_INITIATED,
  BOOTSTRAP_DELETE,
  SERVER_INITIATED,
  SEQUENCE,
  FALLBACK,
  BOOTSTRAP_READ,
  CONSISTENCY,
  PACK,
];
