/** ETS 1.2 group 751-779, as far as a server's operator has a part in it: packages go down whole, and what became of them comes up. */
import { CREATED, METHOD_NOT_ALLOWED, POST, PUT } from "../../../protocol/coap/codes.ts";
import { OCTET_STREAM, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import { formatName } from "../content.ts";
import { answered } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import type { PathValues } from "../server-under-test.ts";
import {
  ABSENT,
  ALL,
  expectDone,
  expectHeard,
  expectOrdered,
  expectRefusalTold,
  expectToldValues,
} from "./server-expectations.ts";
import { isRejected, notify } from "./server-observation.ts";

const OMA = "LightweightM2M-1.1-int-";
const CLAUSES = ["LwM2M Core 1.1.1 §E.6", "LwM2M Core 1.1.1 §6.3.3"];
const LIST = "</1/0>,</3/0>,</5/0>";
const PACKAGE = "/5/0/0";
const PACKAGE_URI = "/5/0/1";
const UPDATE = "/5/0/2";
const STATE = "/5/0/3";
const RESULT = "/5/0/5";
const IDLE = 0;
const DOWNLOADED = 2;
const UPDATING = 3;

/** Long enough for several blocks, and no multiple of them. */
const IMAGE = Uint8Array.from({ length: 3500 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
const NUL = Uint8Array.of(0);
const FAULTY = IMAGE.map((byte) => byte ^ 0xff);

/** Registers a client with the object, as it is after a start. */
async function givenUpdatable(bench: ServerBench): Promise<void> {
  const values: PathValues = { [STATE]: IDLE, [RESULT]: 0, "/5/0/8/0": 0, "/5/0/9": 2 };
  for (const [path, value] of Object.entries(values)) bench.client.values.set(path, value);
  bench.client.values.set("/3/0/3", "1.0");
  await bench.givenRegistered({ list: LIST });
}

/** A criterion: a package that is written comes to the client as it is, in blocks that follow each other. */
async function expectPackage<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  bytes: Uint8Array,
): Promise<void> {
  bench.client.transfers.came.length = 0;
  const order = { kind: "write", path: PACKAGE, value: bytes, format: OCTET_STREAM } as const;
  const { orderId, request } = await expectOrdered(bench, criterion, order, PUT);
  const { message } = request;
  const format = uintOf(message.options, CONTENT_FORMAT, ABSENT);
  bench.expect(criterion, format === OCTET_STREAM, `the package is in ${formatName(format)}`);
  const { came } = bench.client.transfers;
  const gap = came.find(({ num }, i) => num !== i);
  bench.expect(criterion, gap === undefined, `block ${gap?.num} came out of order`);
  const isWhole = Buffer.from(message.payload).equals(bytes);
  const words = `${message.payload.length} bytes came, not the ${bytes.length} of the package`;
  bench.expect(criterion, isWhole, words);
  await expectDone(bench, criterion, orderId);
}

/** A criterion: the operator reads this state and this result. */
async function expectStateTold<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  state: number,
  result: number,
): Promise<void> {
  bench.client.values.set(STATE, state);
  bench.client.values.set(RESULT, result);
  for (const [path, value] of [
    [STATE, state],
    [RESULT, result],
  ] as const) {
    const orderId = await bench.order({ kind: "read", path });
    await expectToldValues(bench, criterion, orderId, { [path]: value });
  }
}

/** A criterion: an Execute of Update comes to the client. */
async function expectUpdateOrdered<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
): Promise<string> {
  const order = { kind: "execute", path: UPDATE } as const;
  return (await expectOrdered(bench, criterion, order, POST)).orderId;
}

const READ = serverCase({
  id: `${OMA}751`,
  title: "Firmware Update Object: Read",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §E.6"],
  needs: ["read", "formats"],
  criteria: { told: "state, result, protocols and delivery method of /5/0 reach the operator" },
  async procedure(bench) {
    await givenUpdatable(bench);
    const orderId = await bench.order({ kind: "read", path: "/5/0", format: TLV });
    const values = { [STATE]: IDLE, [RESULT]: 0, "/5/0/8/0": 0, "/5/0/9": 2 };
    await expectToldValues(bench, "told", orderId, values);
  },
});

const PUSH_NEEDS = ["write", "formats", "read"] as const;
const PACKAGE_WORDS = "a package of 3500 bytes comes to the client whole, in blocks in their order";

const PUSH = serverCase({
  id: `${OMA}755`,
  title: "Firmware Update Object: Setting the package (push)",
  versions: ALL,
  clauses: [...CLAUSES, "RFC 7959 §2.5"],
  needs: PUSH_NEEDS,
  criteria: {
    reset: "a package of one NUL comes to the client as a PUT on /5/0/0",
    package: PACKAGE_WORDS,
    told: "state 2 and result 0 reach the operator",
  },
  async procedure(bench) {
    await givenUpdatable(bench);
    await expectPackage(bench, "reset", NUL);
    await expectPackage(bench, "package", IMAGE);
    await expectStateTold(bench, "told", DOWNLOADED, 0);
  },
});

/** A criterion: an address that is written comes to the client as it is. */
async function expectUri<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  uri: string,
): Promise<void> {
  const order = { kind: "write", path: PACKAGE_URI, value: uri } as const;
  const { orderId, request } = await expectOrdered(bench, criterion, order, PUT);
  const { payload, options } = request.message;
  const format = uintOf(options, CONTENT_FORMAT, ABSENT);
  const said = Buffer.from(payload).toString("utf8");
  // A format other than text has more around it.
  const isSaid = format === TEXT ? said === uri : said.includes(uri);
  bench.expect(criterion, isSaid, `${formatName(format)} "${said}" came, not "${uri}"`);
  await expectDone(bench, criterion, orderId);
}

const URI = serverCase({
  id: `${OMA}756`,
  title: "Firmware Update Object: Setting the package URI (pull)",
  versions: ALL,
  clauses: CLAUSES,
  needs: ["write", "read"],
  correction: "the reset is an empty URI in resource 1, where resource 0 is printed",
  criteria: {
    reset: "an empty URI comes to the client as a PUT on /5/0/1",
    uri: "so does an address",
    told: "state 2 and result 0 reach the operator",
  },
  async procedure(bench) {
    await givenUpdatable(bench);
    await expectUri(bench, "reset", "");
    await expectUri(bench, "uri", "coap://127.0.0.1:5685/image.bin");
    await expectStateTold(bench, "told", DOWNLOADED, 0);
  },
});

const OBSERVE_STATE = serverCase({
  id: `${OMA}760`,
  title: "Firmware Update Object: Observe the state during a push",
  versions: ALL,
  clauses: [...CLAUSES, "RFC 7641 §3.1"],
  needs: [...PUSH_NEEDS, "observe"],
  criteria: {
    package: PACKAGE_WORDS,
    meanwhile: "a notification between two blocks is acknowledged, and reaches the operator",
    downloaded: "so does the one of state 2",
  },
  async procedure(bench) {
    await givenUpdatable(bench);
    await bench.carryOut({ kind: "observe", path: STATE });
    bench.given(bench.client.observed.has(STATE), "no GET with Observe 0 came");
    let isFirst = true;
    // The second block is not answered at once: meanwhile the client notifies.
    bench.client.transfers.refuse = ({ num }) => {
      if (num === 1 && isFirst) {
        isFirst = false;
        return "silence";
      }
      return undefined;
    };
    const order = { kind: "write", path: PACKAGE, value: IMAGE, format: OCTET_STREAM } as const;
    const orderId = await bench.order(order);
    await bench.waitFor(() => !isFirst, bench.now() + 10_000);
    bench.given(!isFirst, "no second block came");
    const answer = await notify(bench, STATE, { sequence: 2, payload: "1" });
    const isTaken = answer !== undefined && !isRejected(answer);
    bench.expect("meanwhile", isTaken, answered("the notification", answer));
    await expectHeard(bench, "meanwhile", STATE, "1");
    bench.client.forgetAnswers();
    const write = await bench.next(bench.now() + 60_000, ({ path }) => path === PACKAGE);
    const isWhole = Buffer.from(write?.message.payload ?? []).equals(IMAGE);
    bench.expect("package", isWhole, `${write?.message.payload.length ?? "no"} bytes came`);
    await expectDone(bench, "package", orderId);
    await notify(bench, STATE, { sequence: 3, payload: "2" });
    await expectHeard(bench, "downloaded", STATE, "2");
  },
});

/** A case of an update that succeeds, however the package comes. */
function success(number: number, how: "push" | "pull"): ServerCase {
  const isPush = how === "push";
  return serverCase({
    id: `${OMA}${number}`,
    title: `Firmware Update Object: Successful update (${how})`,
    versions: ALL,
    clauses: [...CLAUSES, "LwM2M Core 1.1.1 §6.3.5"],
    needs: [...PUSH_NEEDS, "execute", "list"],
    correction: `the preconditions of int-770 and int-771 are swapped in print: this one is the ${how}`,
    criteria: {
      package: isPush ? PACKAGE_WORDS : "the address of the package comes to the client",
      downloaded: "state 2 reaches the operator",
      update: "an Execute of /5/0/2 that was ordered comes, and is told as a success",
      updating: "state 3 reaches the operator",
      registered: "the client registers again after its reboot",
      updated: "result 1 and the new version reach the operator",
    },
    async procedure(bench) {
      await givenUpdatable(bench);
      if (isPush) await expectPackage(bench, "package", IMAGE);
      else await expectUri(bench, "package", "coap://127.0.0.1:5685/image.bin");
      await expectStateTold(bench, "downloaded", DOWNLOADED, 0);
      await expectDone(bench, "update", await expectUpdateOrdered(bench, "update"));
      await expectStateTold(bench, "updating", UPDATING, 0);
      const answer = await bench.register({ list: LIST });
      bench.expect("registered", answer?.code === CREATED, answered("Register", answer));
      await expectStateTold(bench, "updated", IDLE, 1);
      bench.client.values.set("/3/0/3", "2.0");
      const orderId = await bench.order({ kind: "read", path: "/3/0/3" });
      await expectToldValues(bench, "updated", orderId, { "/3/0/3": "2.0" });
    },
  });
}

const NOTHING_DOWNLOADED = serverCase({
  id: `${OMA}772`,
  title: "Firmware Update Object: Error, nothing downloaded",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.1.1 §6.3.5"],
  needs: ["execute", "read"],
  criteria: {
    update: "an Execute of /5/0/2 that was ordered comes to the client",
    refused: "the operator is told that it is refused",
    told: "and reads the state and the result that there were",
  },
  async procedure(bench) {
    await givenUpdatable(bench);
    bench.client.answer = ({ path }) =>
      path === UPDATE ? { code: METHOD_NOT_ALLOWED } : undefined;
    const orderId = await expectUpdateOrdered(bench, "update");
    await expectRefusalTold(bench, "refused", orderId);
    await expectStateTold(bench, "told", IDLE, 0);
  },
});

interface Failing {
  readonly number: number;
  readonly what: string;
  readonly result: number;
  /** Whether it fails when the package is there, or when it is installed. */
  readonly isInstalled?: boolean;
  /** Whether the package is fetched by the client. */
  readonly isPulled?: boolean;
  readonly correction?: string;
}

/** A case of an update that fails, of which the operator reads the result. */
function failing({ number, what, result, isInstalled, isPulled, correction }: Failing): ServerCase {
  return serverCase({
    id: `${OMA}${number}`,
    title: `Firmware Update Object: Error, ${what}`,
    versions: ALL,
    clauses: CLAUSES,
    needs: isInstalled ? [...PUSH_NEEDS, "execute"] : PUSH_NEEDS,
    correction,
    criteria: {
      package: isPulled ? "the address of the package comes to the client" : PACKAGE_WORDS,
      told: `result ${result} reaches the operator, with the state`,
    },
    async procedure(bench) {
      await givenUpdatable(bench);
      if (isPulled) await expectUri(bench, "package", "coap://127.0.0.1:1/none.bin");
      else await expectPackage(bench, "package", FAULTY);
      if (isInstalled) await bench.ended(await expectUpdateOrdered(bench, "package"));
      await expectStateTold(bench, "told", isInstalled ? DOWNLOADED : IDLE, result);
    },
  });
}

export const SERVER_FIRMWARE_CASES: readonly ServerCase[] = [
  READ,
  PUSH,
  URI,
  OBSERVE_STATE,
  success(770, "push"),
  success(771, "pull"),
  NOTHING_DOWNLOADED,
  failing({ number: 773, what: "not enough storage", result: 2 }),
  failing({
    number: 774,
    what: "out of memory",
    result: 3,
    correction: "result 3, where 2 is printed",
  }),
  failing({ number: 775, what: "connection lost", result: 4, isPulled: true }),
  failing({ number: 776, what: "integrity check failed", result: 5 }),
  failing({
    number: 777,
    what: "unsupported package type",
    result: 6,
    correction: "state 0 at the end, where 1 is printed",
  }),
  failing({ number: 778, what: "invalid URI", result: 7, isPulled: true }),
  failing({ number: 779, what: "installation failed", result: 8, isInstalled: true }),
];
