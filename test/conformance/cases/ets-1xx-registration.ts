/** ETS 1.2 group 100-199, Client Registration. */

import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CHANGED, CONTENT } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import { decodeLinks } from "../../../protocol/coap/link-format.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, textsOf, URI_QUERY, uintOf } from "../../../protocol/coap/options.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, MAX_TRANSMIT_WAIT } from "../bench.ts";
import type { ConformanceCase } from "../case.ts";
import { clientCase } from "../case.ts";
import {
  C_1,
  C_3,
  configuredInstances,
  configuredValues,
  withLifetime,
  withQueueMode,
} from "../configurations.ts";
import { targetOf } from "../ladder.ts";
import type { Uplink } from "../scripted-server.ts";
import { expectLifetimeTaken, parametersOf } from "./expectations.ts";

/** Objects that no list names (LwM2M Core 1.1.1 §6.2.1): Security, OSCORE, COSE. */
const UNLISTED = ["0", "21", "23"];

const INITIAL_REGISTRATION = clientCase({
  id: "LightweightM2M-1.1-int-101",
  title: "Initial Registration",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.2.1", "LwM2M Transport 1.1.1 §6.4.3"],
  configuration: C_1,
  begins: "off",
  criteria: {
    request: "Register is a Confirmable POST on /rd whose payload is link format",
    endpoint: "ep is the endpoint's name; LwM2M 1.0 requires it",
    lifetime: "lt is the value of /1/0/1",
    version: "lwm2m is the version of the enabler",
    binding: "b, where it is sent, is a binding that the version knows, without Q",
    list: "the list names every instance but those of /0, /21 and /23",
    accepted: "answered by 2.01 the client does not register again",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    const register = await bench.next("register", bench.pace.patience);
    if (register === undefined) return bench.expect("request", false, "no POST on /rd came");
    const { message } = register;
    bench.expect("request", message.type === CON, "Register is not Confirmable");
    const format = uintOf(message.options, CONTENT_FORMAT, -1);
    bench.expect("request", format === LINK_FORMAT, `Content-Format is ${format}, not 40`);
    const query = parametersOf(bench, register, "request");
    const { endpointName, lifetime, version, binding = "U", queueMode } = query;
    const mayOmitName = bench.version !== "1.0" && endpointName === undefined;
    const isNamed = mayOmitName || endpointName === bench.endpointName;
    bench.expect("endpoint", isNamed, `ep is ${endpointName}, not ${bench.endpointName}`);
    const wanted = configuredValues(bench.configuration, "/1/0/1")["/1/0/1"];
    bench.expect("lifetime", lifetime === wanted, `lt is ${lifetime}, not ${wanted}`);
    bench.expect("version", version === bench.version, `lwm2m is ${version}`);
    const isBinding = /^[UTSNMH]+$/.test(binding) && !queueMode;
    bench.expect("binding", isBinding, `the binding in ${targetOf(message)} is not UDP`);
    const links = decodeLinks(decodeUtf8(message.payload));
    if (isMalformed(links)) return bench.expect("list", false, `the list: ${links.fault}`);
    const uris = links.map((link) => link.uri);
    const hidden = uris.find((uri) => UNLISTED.includes(uri.split("/")[1]));
    bench.expect("list", hidden === undefined, `the list names ${hidden}`);
    const missing = configuredInstances(bench.configuration).find((path) => !uris.includes(path));
    bench.expect("list", missing === undefined, `the list lacks ${missing}`);

    bench.step("the server has answered 2.01; nothing more is to come");
    await bench.wait(MAX_TRANSMIT_WAIT);
    const again = bench.take("register") ?? bench.take("repeated");
    bench.expect("accepted", again === undefined, "Register came again after 2.01");
  },
});

const REGISTRATION_UPDATE = clientCase({
  id: "LightweightM2M-1.1-int-102",
  title: "Registration Update",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.2.2", "LwM2M Core 1.1.1 §E.2"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    write: "Write of /1/0/1 is answered by 2.04",
    update: "a Confirmable POST on the location as the server gave it follows, with lt=20",
    "in-time": "from then on an Update comes before each lifetime of 20 s is over",
  },
  async procedure(bench) {
    bench.step("the server writes a lifetime of 20 s");
    await expectLifetimeTaken(bench, 20, ["write", "update"]);
    bench.step("the server waits for the Updates of five lifetimes");
    for (let i = 0; i < 5; i++) await expectUpdateInTime(bench, 20, "in-time");
  },
});

const DEREGISTRATION = clientCase({
  id: "LightweightM2M-1.1-int-103",
  title: "Deregistration",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.2.3", "LwM2M Core 1.1.1 §E.2"],
  configuration: C_3,
  begins: "registered",
  needs: { features: ["disable"] },
  criteria: {
    execute: "Execute of /1/0/4 is answered by 2.04",
    delete: "a Confirmable DELETE on the location follows",
    away: "answered by 2.02 the client stays away",
  },
  async procedure(bench) {
    bench.step("the server executes Disable");
    bench.expectCode("execute", await bench.execute("/1/0/4"), CHANGED);
    const deregister = await bench.next("deregister", bench.now() + bench.pace.prompt);
    if (deregister === undefined) return bench.expect("delete", false, "no DELETE came");
    bench.expect("delete", deregister.message.type === CON, "the DELETE is not Confirmable");
    bench.step("the server has answered 2.02; nothing more is to come");
    await bench.wait(MAX_TRANSMIT_WAIT);
    const more = bench.take("register") ?? bench.take("update") ?? bench.take("deregister");
    bench.expect("away", more === undefined, `a ${more?.kind} came after the answer`);
  },
});

const UPDATE_TRIGGER = clientCase({
  id: "LightweightM2M-1.1-int-104",
  title: "Registration Update Trigger",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.2.2", "LwM2M Core 1.1.1 §E.2"],
  configuration: withLifetime(C_1, 20),
  begins: "registered",
  criteria: {
    execute: "Execute of /1/0/8 is answered by 2.04",
    update: "an Update without parameters and payload follows at once",
    kept: "the registration is kept up after the first lifetime",
  },
  async procedure(bench) {
    await bench.wait(2 * SECOND);
    bench.step("the server executes Registration Update Trigger");
    bench.expectCode("execute", await bench.execute("/1/0/8"), CHANGED);
    const update = await bench.next("update", bench.now() + bench.pace.prompt);
    if (update === undefined) return bench.expect("update", false, "no Update came");
    const { options, payload } = update.message;
    const parameters = textsOf(options, URI_QUERY);
    const isBare = parameters.length === 0 && payload.length === 0;
    bench.expect("update", isBare, `the Update says ${targetOf(update.message)}`);
    bench.step("the server waits for the Updates of two lifetimes");
    await expectUpdateInTime(bench, 20, "kept");
    await expectUpdateInTime(bench, 20, "kept");
  },
});

const DISCARDED_UPDATE = clientCase({
  id: "LightweightM2M-1.1-int-105",
  title: "Discarded Register Update",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.2.2"],
  configuration: withLifetime(C_1, 60),
  begins: "registered",
  criteria: {
    register: "an Update that is answered by 4.04 is followed by a full Register",
    update: "the new registration is kept up under its new location",
  },
  async procedure(bench) {
    bench.step("the server forgets the client and waits for its Update");
    bench.server.isRegistered = false;
    const update = await bench.next("update", bench.now() + 60 * SECOND);
    bench.given(update !== undefined, "no Update came within the lifetime");
    const register = await bench.next("register", bench.now() + bench.pace.patience);
    if (register === undefined) return bench.expect("register", false, "no Register came");
    const { lifetime, version } = parametersOf(bench, register, "register");
    const isFull = lifetime === 60 && version === bench.version;
    bench.expect("register", isFull, `the Register says only ${targetOf(register.message)}`);
    const hasList = register.message.payload.length > 0;
    bench.expect("register", hasList, "the Register has no list");
    await expectUpdateInTime(bench, 60, "update");
  },
});

const EXTENDING_THE_LIFETIME = clientCase({
  id: "LightweightM2M-1.1-int-107",
  title: "Extending the lifetime of a registration",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.2.2", "LwM2M Core 1.1.1 §E.2"],
  configuration: withLifetime(C_1, 60),
  begins: "registered",
  criteria: {
    write: "Write of /1/0/1 is answered by 2.04",
    update: "an Update with lt=120 follows at once",
    "in-time": "the next Update comes before the lifetime of 120 s is over",
  },
  async procedure(bench) {
    bench.step("the server writes a lifetime of 120 s");
    await expectLifetimeTaken(bench, 120, ["write", "update"]);
    await expectUpdateInTime(bench, 120, "in-time");
  },
});

const QUEUE_MODE_ON = clientCase({
  id: "LightweightM2M-1.1-int-108",
  title: "Turn on Queue Mode",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Transport 1.1.1 §6.5", "LwM2M Core 1.0.2 §8.3"],
  configuration: withQueueMode(C_1),
  begins: "off",
  needs: { features: ["queue mode"] },
  criteria: {
    queue: "Register says queue mode: a Q of its own, in LwM2M 1.0 a Q within b",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    const register = await bench.next("register", bench.pace.patience);
    bench.given(register !== undefined, "no Register came");
    const queries = textsOf((register as Uplink).message.options, URI_QUERY);
    const inBinding = queries.some((query) => /^b=[UTSNMH]*Q/.test(query));
    const isBare = queries.includes("Q");
    const holds = bench.version === "1.0" ? inBinding && !isBare : isBare && !inBinding;
    bench.expect("queue", holds, `Register says ${queries.join("&")}`);
  },
});

const QUEUE_MODE_BEHAVIOR = clientCase({
  id: "LightweightM2M-1.1-int-109",
  title: "Behavior in Queue Mode",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Transport 1.1.1 §6.5", "LwM2M Core 1.0.2 §8.3"],
  configuration: withLifetime(withQueueMode(C_1), 600),
  begins: "registered",
  needs: { features: ["queue mode"] },
  correction: "a lifetime of 600 s, not 240 s, so that a client that updates at half of it sleeps",
  criteria: {
    listens: "the client answers until MAX_TRANSMIT_WAIT has passed since its last message",
    wakes: "a Confirmable Update wakes the server before the lifetime is over",
    held: "a Read that the server held till then is answered",
  },
  async procedure(bench) {
    bench.step("the server reads 3 s before the client may stop listening");
    await bench.wait(MAX_TRANSMIT_WAIT - 3 * SECOND);
    bench.expectCode("listens", await bench.read("/3/0/0", TEXT), CONTENT);
    bench.step("the server holds a Read until the client says that it is awake");
    const update = await bench.next("update", bench.now() + 600 * SECOND);
    if (update === undefined) return bench.expect("wakes", false, "no Update came");
    bench.expect("wakes", update.message.type === CON, "the Update is not Confirmable");
    bench.expect("wakes", update.at < 600 * SECOND, "the Update came after the lifetime");
    bench.expectCode("held", await bench.read("/3/0/0", TEXT), CONTENT);
  },
});

async function expectUpdateInTime<Criterion extends string>(
  bench: Bench<Criterion>,
  lifetimeSeconds: number,
  criterion: Criterion,
): Promise<void> {
  const by = bench.now() + lifetimeSeconds * SECOND;
  const update = await bench.next("update", by);
  const came = update !== undefined && update.at < by;
  bench.expect(criterion, came, `no Update came within ${lifetimeSeconds} s`);
}

export const REGISTRATION_CASES: readonly ConformanceCase[] = [
  INITIAL_REGISTRATION,
  REGISTRATION_UPDATE,
  DEREGISTRATION,
  UPDATE_TRIGGER,
  DISCARDED_UPDATE,
  EXTENDING_THE_LIFETIME,
  QUEUE_MODE_ON,
  QUEUE_MODE_BEHAVIOR,
];
