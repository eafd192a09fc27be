/** ETS 1.2 group 241-266: Execute, Discover and Write-Attributes, as a server asks them. */

import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CREATED, GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import { attributeOf } from "../../../protocol/coap/link-format.ts";
import { CONTENT_FORMAT, textsOf, URI_QUERY, uintOf } from "../../../protocol/coap/options.ts";
import { formatName } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { acceptOf, contentIn } from "../scripted-client.ts";
import { type ServerBench, textOf } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import type { Outcome } from "../server-under-test.ts";
import { ABSENT, ALL, expectDone, expectOrdered, known, ONLY_1_2 } from "./server-expectations.ts";

const OMA = "LightweightM2M-1.1-int-";
const DISCOVER = "LwM2M Core 1.1.1 §6.3.2";
const ATTRIBUTES = "LwM2M Core 1.1.1 §6.3.4";

const REBOOT = serverCase({
  id: `${OMA}241`,
  title: "Executable Resource: Rebooting the device",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.5"],
  needs: ["execute", "list"],
  criteria: {
    request: "the Execute that was ordered comes to the client as a POST on /3/0/4",
    empty: "without arguments it carries nothing",
    told: "its success reaches the operator",
    again: "a client that has rebooted may register again, and is listed",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const order = { kind: "execute", path: "/3/0/4" } as const;
    const { orderId, request } = await expectOrdered(bench, "request", order, POST);
    const { payload } = request.message;
    bench.expect("empty", payload.length === 0, `it carries ${textOf(request.message)}`);
    await expectDone(bench, "told", orderId);
    const answer = await bench.register();
    bench.expect("again", answer?.code === CREATED, answered("Register", answer));
    const isListed = (await known(bench)) !== undefined;
    bench.expect("again", isListed, "the client is not listed after it has registered again");
  },
});

const ARGUMENTS = serverCase({
  id: "dormouse-server-execute-arguments",
  title: "Execute with arguments",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.5"],
  needs: ["execute"],
  criteria: {
    request: "the Execute that was ordered comes to the client as a POST on /1/0/4",
    format: "its arguments are in text/plain",
    arguments: "they are as they were ordered",
    told: "its success reaches the operator",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    for (const argumentList of ["0='10'", "2,4='http://example.com',7"]) {
      const order = { kind: "execute", path: "/1/0/4", argumentList } as const;
      const { orderId, request } = await expectOrdered(bench, "request", order, POST);
      const { message } = request;
      const format = uintOf(message.options, CONTENT_FORMAT, TEXT);
      bench.expect("format", format === TEXT, `they are in ${formatName(format)}`);
      bench.expect("arguments", textOf(message) === argumentList, `it says ${textOf(message)}`);
      await expectDone(bench, "told", orderId);
    }
  },
});

// Discover and Write-Attributes.

/** A client that lists these links when it is asked for what is at a path. */
function answerDiscover(bench: ServerBench, links: string): void {
  bench.client.answer = ({ message }) => {
    if (message.code !== GET || acceptOf(message) !== LINK_FORMAT) return undefined;
    return contentIn(LINK_FORMAT, encodeUtf8(links));
  };
}

/** A criterion: the operator is told of these links, with these attributes. */
function expectLinks<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  outcome: Outcome | undefined,
  wanted: Readonly<Record<string, Readonly<Record<string, string>>>>,
): void {
  // A person has looked.
  if (outcome?.links === undefined && outcome?.value !== undefined) return;
  for (const [uri, attributes] of Object.entries(wanted)) {
    const link = outcome?.links?.find((one) => one.uri === uri);
    bench.expect(criterion, link !== undefined, `the operator was not told of ${uri}`);
    for (const [name, value] of Object.entries(attributes)) {
      const told = link === undefined ? undefined : attributeOf(link, name);
      const isSame = told === value || (told !== "" && Number(told) === Number(value));
      bench.expect(criterion, isSame, `${uri} has ${name}=${told}, not ${value}`);
    }
  }
}

interface Discovery {
  readonly path: string;
  readonly depth?: number;
  /** What the client answers. */
  readonly links: string;
  readonly told: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Orders a Discover, judges what comes and what is told. */
async function expectDiscovered(
  bench: ServerBench<"discover" | "links">,
  { path, depth, links, told }: Discovery,
): Promise<void> {
  answerDiscover(bench, links);
  const order = { kind: "discover", path, depth } as const;
  const { orderId, request } = await expectOrdered(bench, "discover", order, GET);
  const accept = acceptOf(request.message);
  bench.expect("discover", accept === LINK_FORMAT, `it asks for ${formatName(accept)}`);
  const query = textsOf(request.message.options, URI_QUERY);
  const isDepth = query.join() === (depth === undefined ? "" : `depth=${depth}`);
  bench.expect("discover", isDepth, `its query is ${query.join("&") || "empty"}`);
  expectLinks(bench, "links", await expectDone(bench, "links", orderId), told);
}

/** Orders Write-Attributes and judges what comes. */
async function expectAttributesWritten(
  bench: ServerBench<"attributes">,
  path: string,
  attributes: readonly string[],
): Promise<void> {
  const order = { kind: "write-attributes", path, attributes } as const;
  const { orderId, request } = await expectOrdered(bench, "attributes", order, PUT);
  const { options, payload } = request.message;
  const query = textsOf(options, URI_QUERY);
  const isSame = [...query].sort().join() === [...attributes].sort().join();
  bench.expect("attributes", isSame, `the query for ${path} is ${query.join("&") || "empty"}`);
  const isBare = payload.length === 0 && uintOf(options, CONTENT_FORMAT, ABSENT) === ABSENT;
  bench.expect("attributes", isBare, "it carries a payload, or the format of one");
  await expectDone(bench, "attributes", orderId);
}

const DISCOVERED = {
  discover: "each Discover that was ordered comes to the client as a GET with Accept 40",
  links: "what the client lists reaches the operator, with its attributes",
};
const WRITTEN = {
  attributes:
    "Write-Attributes come as a PUT without a payload, with what was ordered as its query, and are told as successes",
};

const DISCOVER_CASE = serverCase({
  id: `${OMA}260`,
  title: "Discover Command",
  versions: ALL,
  clauses: [DISCOVER, ATTRIBUTES],
  needs: ["discover", "write attributes"],
  criteria: { ...DISCOVERED, ...WRITTEN },
  async procedure(bench) {
    await bench.givenRegistered();
    await expectDiscovered(bench, {
      path: "/3",
      links: "</3>,</3/0>,</3/0/6>;dim=2,</3/0/7>;dim=2,</3/0/8>;dim=2,</3/0/16>",
      told: { "/3/0/6": { dim: "2" }, "/3/0/16": {} },
    });
    await expectAttributesWritten(bench, "/3", ["pmin=10", "pmax=60"]);
    await expectAttributesWritten(bench, "/3/0/7", ["lt=1", "gt=6", "st=1"]);
    await expectDiscovered(bench, {
      path: "/3/0",
      links: "</3/0>,</3/0/7>;dim=2;lt=1;gt=6;st=1,</3/0/16>",
      told: { "/3/0/7": { dim: "2", lt: "1", gt: "6", st: "1" } },
    });
    await expectDiscovered(bench, {
      path: "/3/0/7",
      links: "</3/0/7>;dim=2;pmin=10;pmax=60;lt=1;gt=6;st=1",
      told: { "/3/0/7": { pmin: "10", pmax: "60", gt: "6" } },
    });
  },
});

const ATTRIBUTES_AT_LEVELS = serverCase({
  id: `${OMA}261`,
  title: "Write-Attributes on several levels",
  versions: ALL,
  clauses: [ATTRIBUTES, DISCOVER],
  needs: ["discover", "write attributes"],
  correction: "attributes are parameters of their own, where they are printed with & between them",
  criteria: { ...WRITTEN, ...DISCOVERED },
  async procedure(bench) {
    await bench.givenRegistered();
    await expectAttributesWritten(bench, "/3", ["pmin=10", "pmax=200"]);
    await expectAttributesWritten(bench, "/3/0", ["pmax=320"]);
    const isOld = bench.version === "1.0";
    const deepest = isOld ? "/3/0/11" : "/3/0/11/0";
    const own = isOld ? ["pmin=2", "pmax=8"] : ["epmin=1", "epmax=8"];
    await expectAttributesWritten(bench, deepest, own);
    // A name alone takes an attribute back.
    await expectAttributesWritten(bench, "/3", ["pmin", "pmax"]);
    await expectDiscovered(bench, {
      path: "/3/0/11",
      links: `</3/0/11>;dim=1;pmin=10;pmax=320,</3/0/11/0>;${own.join(";")}`,
      told: { "/3/0/11": { dim: "1", pmin: "10", pmax: "320" } },
    });
  },
});

const DEPTH_1 = serverCase({
  id: "LightweightM2M-1.2-int-264",
  title: "Discover with depth 1",
  versions: ONLY_1_2,
  clauses: ["LwM2M Core 1.2.2 §6.3.2", "LwM2M Core 1.2.2 §6.3.4"],
  needs: ["discover", "discover depth", "write attributes"],
  criteria: { ...DISCOVERED, ...WRITTEN },
  async procedure(bench) {
    await bench.givenRegistered();
    const links = "</3>,</3/0>";
    await expectDiscovered(bench, { path: "/3", depth: 1, links, told: { "/3/0": {} } });
    await expectAttributesWritten(bench, "/3/0", ["pmax=200"]);
    await expectDiscovered(bench, {
      path: "/3",
      depth: 1,
      links: "</3>,</3/0>;pmax=200",
      told: { "/3/0": { pmax: "200" } },
    });
  },
});

const DEPTH_3 = serverCase({
  id: "LightweightM2M-1.2-int-266",
  title: "Discover with depth 3",
  versions: ONLY_1_2,
  clauses: ["LwM2M Core 1.2.2 §6.3.2", "LwM2M Core 1.2.2 §6.3.4"],
  needs: ["discover", "discover depth", "write attributes"],
  criteria: { ...DISCOVERED, ...WRITTEN },
  async procedure(bench) {
    await bench.givenRegistered();
    const resources = "</3>,</3/0>,</3/0/7>;dim=2";
    await expectDiscovered(bench, {
      path: "/3",
      depth: 2,
      links: resources,
      told: { "/3/0/7": {} },
    });
    await expectAttributesWritten(bench, "/3/0/7", ["pmin=10", "pmax=60"]);
    await expectAttributesWritten(bench, "/3/0/7/1", ["lt=1", "gt=6", "st=1"]);
    await expectDiscovered(bench, {
      path: "/3",
      depth: 3,
      links: `${resources};pmin=10;pmax=60,</3/0/7/0>,</3/0/7/1>;lt=1;gt=6;st=1`,
      told: { "/3/0/7": { dim: "2", pmin: "10" }, "/3/0/7/1": { lt: "1", gt: "6", st: "1" } },
    });
  },
});

export const SERVER_MANAGEMENT_CASES: readonly ServerCase[] = [
  REBOOT,
  DISCOVER_CASE,
  ATTRIBUTES_AT_LEVELS,
  DEPTH_1,
  DEPTH_3,
  ARGUMENTS,
];
