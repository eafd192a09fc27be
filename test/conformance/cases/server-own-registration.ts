/** What no published suite asks of a server about Register, Update and De-register: what they may say, and which code answers what is wrong. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  DELETE,
  FORBIDDEN,
  POST,
  PRECONDITION_FAILED,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Version } from "../case.ts";
import { answered } from "../raw-clients.ts";
import { type ServerBench, USUAL_LIST } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ALL,
  expectCode,
  expectKnown,
  expectUnknown,
  known,
  SINCE_1_1,
  sees,
} from "./server-expectations.ts";

const REGISTER = "LwM2M Core 1.1.1 §6.2.1";
const UPDATE = "LwM2M Core 1.1.1 §6.2.2";
const CODES = "LwM2M Transport 1.1.1 §6.4.3";

/** Who has no name may not be allowed one. */
const NAMELESS = [BAD_REQUEST, PRECONDITION_FAILED, FORBIDDEN];
/** Servers differ in what they overlook. */
const REFUSED_OR_TAKEN = [BAD_REQUEST, PRECONDITION_FAILED, FORBIDDEN, CREATED];

interface BadRegister {
  readonly what: string;
  /** Without `ep` the client's own name is added. */
  readonly query: (version: Version) => readonly string[];
  readonly isNameless?: boolean;
  readonly codes: readonly number[];
}

const VERSION = (version: Version) => `lwm2m=${version}`;

/** What is wrong with a Register, and how it may be refused. */
const BAD_REGISTERS: readonly BadRegister[] = [
  {
    what: "no endpoint name",
    query: (version) => ["lt=300", VERSION(version)],
    isNameless: true,
    codes: NAMELESS,
  },
  {
    what: "an empty endpoint name",
    query: (version) => ["ep=", "lt=300", VERSION(version)],
    isNameless: true,
    codes: NAMELESS,
  },
  {
    what: "a lifetime that is no number",
    query: (version) => ["lt=soon", VERSION(version)],
    codes: [BAD_REQUEST],
  },
  {
    what: "a negative lifetime",
    query: (version) => ["lt=-1", VERSION(version)],
    codes: [BAD_REQUEST],
  },
  {
    what: "a lifetime of more than 32 bits",
    query: (version) => ["lt=99999999999", VERSION(version)],
    codes: [BAD_REQUEST],
  },
  {
    what: "an empty lifetime",
    query: (version) => ["lt=", VERSION(version)],
    codes: [BAD_REQUEST],
  },
  {
    what: "a version that does not exist",
    query: () => ["lt=300", "lwm2m=9.9"],
    codes: [PRECONDITION_FAILED, BAD_REQUEST],
  },
  {
    what: "a version that is none",
    query: () => ["lt=300", "lwm2m=latest"],
    codes: [PRECONDITION_FAILED, BAD_REQUEST],
  },
];

const BAD_REGISTER = serverCase({
  id: "dormouse-server-bad-register",
  title: "A Register that is wrong is refused with a code that says so",
  versions: ALL,
  clauses: [REGISTER, CODES],
  criteria: {
    refused: "each is answered by 4.00 or, where a version or a name is missed, 4.12 or 4.03",
    unharmed: "a right one after that is answered by 2.01",
  },
  async procedure(bench) {
    for (const { what, query, isNameless, codes } of BAD_REGISTERS) {
      bench.step(`Register with ${what}`);
      const said = query(bench.version);
      const parameters = isNameless ? said : [`ep=${bench.endpointName}`, ...said];
      const answer = await registerWith(bench, parameters);
      expectCode(bench, "refused", answer, codes, `Register with ${what}`);
    }
    const answer = await bench.register();
    bench.expect("unharmed", answer?.code === CREATED, answered("Register", answer));
  },
});

/** A Register with exactly this query. */
function registerWith(
  bench: ServerBench,
  query: readonly string[],
  list = USUAL_LIST,
  format: number | undefined = LINK_FORMAT,
): Promise<Message | undefined> {
  return bench.request(POST, "/rd", { query, payload: encodeUtf8(list), format });
}

/** What some servers overlook and others refuse. */
const DOUBTFUL: readonly (readonly [what: string, query: (version: Version) => string[]])[] = [
  ["an unknown parameter", (version) => ["lt=300", VERSION(version), "color=blue"]],
  ["a parameter twice", (version) => ["lt=300", "lt=400", VERSION(version)]],
  ["a binding that is none", (version) => ["lt=300", VERSION(version), "b=XYZ"]],
  [
    "an endpoint name of 250 bytes",
    (version) => [`ep=${"n".repeat(250)}`, "lt=300", VERSION(version)],
  ],
  ["an endpoint name with a slash", (version) => ["ep=../../etc", "lt=300", VERSION(version)]],
  ["an endpoint name in Greek", (version) => ["ep=μυωξός", "lt=300", VERSION(version)]],
  ["no lifetime", (version) => [VERSION(version)]],
  ["no version", () => ["lt=300"]],
];

const DOUBTFUL_REGISTER = serverCase({
  id: "dormouse-server-doubtful-register",
  title: "A Register that servers take differently is taken or refused, and nothing else",
  versions: ALL,
  clauses: [REGISTER, CODES],
  criteria: {
    decided: "each is answered by 2.01, or by 4.00, 4.03 or 4.12",
    unharmed: "a right one after that is answered by 2.01",
  },
  async procedure(bench) {
    for (const [what, query] of DOUBTFUL) {
      bench.step(`Register with ${what}`);
      const parameters = query(bench.version);
      const isNamed = parameters.some((one) => one.startsWith("ep="));
      const all = isNamed ? parameters : [`ep=${bench.endpointName}`, ...parameters];
      const answer = await registerWith(bench, all);
      expectCode(bench, "decided", answer, REFUSED_OR_TAKEN, `Register with ${what}`);
      bench.note(`Register with ${what} is ${answer?.code === CREATED ? "taken" : "refused"}`);
      if (answer?.code !== CREATED) continue;
      await bench.request(DELETE, pathOf(answer.options, LOCATION_PATH));
    }
    const answer = await bench.register();
    bench.expect("unharmed", answer?.code === CREATED, answered("Register", answer));
  },
});

/** Bindings that a version has. */
const BINDINGS: Readonly<Record<Version, readonly (readonly string[])[]>> = {
  "1.0": [["b=U"], ["b=UQ"], ["b=S"], ["b=SQ"], ["b=US"], ["b=UQS"]],
  "1.1": [["b=U"], ["b=U", "Q"], ["b=UT"], ["b=T"], ["b=US"], ["b=N"], ["b=UN", "Q"]],
  "1.2": [["b=U"], ["b=U", "Q"], ["b=UT"], ["b=M"], ["b=H"], ["b=UMHN"]],
};

const EVERY_BINDING = serverCase({
  id: "dormouse-server-bindings",
  title: "Every binding of the version is taken, and so are other parameters of it",
  versions: ALL,
  clauses: [REGISTER, CODES],
  needs: ["list"],
  criteria: {
    binding: "Register with each binding of the version is answered by 2.01",
    sms: "so is one with the number for SMS",
    lifetime: "so are lifetimes of 20 s, of a year and of 2^32 - 1 s",
    listed: "the operator sees the client",
  },
  async procedure(bench) {
    for (const binding of BINDINGS[bench.version]) {
      const answer = await bench.register({
        query: ["lt=300", VERSION(bench.version), ...binding],
      });
      expectCode(bench, "binding", answer, [CREATED], `Register with ${binding.join("&")}`);
    }
    const sms = ["lt=300", VERSION(bench.version), "b=US", "sms=15550123456"];
    expectCode(bench, "sms", await bench.register({ query: sms }), [CREATED], "Register with sms");
    for (const lifetime of [20, 31_536_000, 4_294_967_295]) {
      const answer = await bench.register({ query: bench.usualQuery(lifetime) });
      expectCode(bench, "lifetime", answer, [CREATED], `Register with lt=${lifetime}`);
    }
    await expectKnown(bench, "listed", ["/1/0", "/3/0"]);
  },
});

const BAD_UPDATE = serverCase({
  id: "dormouse-server-bad-update",
  title: "An Update that is wrong is refused, and changes nothing",
  versions: ALL,
  clauses: [UPDATE, CODES],
  needs: ["list"],
  criteria: {
    refused: "each is answered by 4.00",
    unchanged: "the operator sees the list of before",
    unharmed: "a right Update after that is answered by 2.04",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const bad: readonly [
      what: string,
      query: string[],
      list: string | undefined,
      format: number,
    ][] = [
      ["a lifetime that is no number", ["lt=later"], undefined, LINK_FORMAT],
      ["a negative lifetime", ["lt=-300"], undefined, LINK_FORMAT],
      ["half a list", [], "</1/0>,</3303/0", LINK_FORMAT],
      ["a list that is text", [], "</1/0>,</3303/0>", TEXT],
    ];
    for (const [what, query, list, format] of bad) {
      bench.step(`Update with ${what}`);
      const payload = list === undefined ? undefined : encodeUtf8(list);
      const asking = { query, payload, format: list === undefined ? undefined : format };
      const answer = await bench.request(POST, bench.location, asking);
      const codes = [BAD_REQUEST, UNSUPPORTED_CONTENT_FORMAT];
      expectCode(bench, "refused", answer, codes, `Update with ${what}`);
    }
    const paths = (await known(bench))?.paths;
    const isSame = paths?.includes("/3303/0") !== true && paths?.includes("/3/0") !== false;
    bench.expect("unchanged", isSame, `the operator sees ${paths?.join(", ")}`);
    const update = await bench.update();
    bench.expect("unharmed", update?.code === CHANGED, answered("Update", update));
  },
});

const UPDATE_CHANGES = serverCase({
  id: "dormouse-server-update-changes",
  title: "An Update changes what it says, and nothing else",
  versions: SINCE_1_1,
  clauses: [UPDATE],
  needs: ["list", "queue mode"],
  criteria: {
    list: "a list replaces the one of before",
    kept: "an Update with a lifetime alone leaves the list",
    "queue mode": "b=U and Q turn queue mode on, b=U alone turns it off",
    untouched: "an Update without parameters leaves queue mode as it is",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</3303/0>" });
    const answer = await bench.update([], "</1/0>,</3/0>,</3304/0>");
    bench.expect("list", answer?.code === CHANGED, answered("Update with a list", answer));
    await expectKnown(bench, "list", ["/3304/0"]);
    await expectUnknown(bench, "list", ["/3303/0"]);
    await bench.givenUpdated(["lt=400"]);
    await expectKnown(bench, "kept", ["/3/0", "/3304/0"]);
    const isQueued = (mode: boolean) => sees(bench, (client) => client?.queueMode === mode);
    await bench.givenUpdated(["b=U", "Q"]);
    bench.expect("queue mode", await isQueued(true), "the operator sees no queue mode");
    await bench.givenUpdated();
    await bench.wait(SECOND);
    bench.expect("untouched", await isQueued(true), "queue mode is off after an Update");
    await bench.givenUpdated(["b=U"]);
    bench.expect("queue mode", await isQueued(false), "the operator sees queue mode");
  },
});

export const SERVER_OWN_REGISTRATION_CASES: readonly ServerCase[] = [
  BAD_REGISTER,
  DOUBTFUL_REGISTER,
  EVERY_BINDING,
  BAD_UPDATE,
  UPDATE_CHANGES,
];
