/** TD_COAP_LINK_01-09: /.well-known/core and its filters (RFC 6690). LwM2M asks for neither; many clients have the first. */
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CONTENT, GET } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../protocol/coap/content-formats.ts";
import { attributeOf, decodeLinks, type Link } from "../../../protocol/coap/link-format.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1 } from "../configurations.ts";
import { ALL } from "./coap-exchanges.ts";

const WELL_KNOWN = "/.well-known/core";
const DISCOVERY = { features: ["well-known core"] } as const;
const FILTERS = { features: ["well-known core", "link filters"] } as const;

const RESOURCES = clientCase({
  id: "TD_COAP_LINK_01",
  title: "/.well-known/core lists what there is",
  versions: ALL,
  clauses: ["RFC 6690 §4", "RFC 7252 §7.2"],
  configuration: C_1,
  begins: "registered",
  needs: DISCOVERY,
  correction: "the list of objects or their instances, as in Register",
  criteria: {
    list: "a GET is answered by 2.05 with links, in link format (40)",
    device: "of which one is the Device object or its instance",
  },
  async procedure(bench) {
    const links = await expectList(bench, "list", []);
    const device = links.find(({ uri }) => /\/3(\/0)?$/.test(uri));
    bench.expect("device", device !== undefined, "neither is listed");
  },
});

/** What a filter is to leave of the whole list. */
interface Filter {
  readonly query: string;
  matches(link: Link): boolean;
}

/** A case of a filter that is made from the links that the client has; undefined where it has none to filter. */
function filterCase(
  number: string,
  title: string,
  lacking: string,
  filterOf: (links: readonly Link[]) => Filter | undefined,
): ConformanceCase {
  return clientCase({
    id: `TD_COAP_LINK_${number}`,
    title,
    versions: ALL,
    clauses: ["RFC 6690 §4.1"],
    configuration: C_1,
    begins: "registered",
    needs: FILTERS,
    correction: "the filter is made from what the unfiltered list shows",
    criteria: {
      matching: "2.05 has every link that matches",
      only: "and no other",
    },
    async procedure(bench) {
      const all = await givenList(bench);
      const filter = filterOf(all);
      if (filter === undefined) return bench.applies(false, `the client has ${lacking}`);
      const { query, matches } = filter;
      const left = await expectList(bench, "matching", [query]);
      const isListed = ({ uri }: Link) => left.some((link) => link.uri === uri);
      const missing = all.find((link) => matches(link) && !isListed(link));
      bench.expect("matching", missing === undefined, `?${query} leaves out ${missing?.uri}`);
      const uris = all.filter(matches).map(({ uri }) => uri);
      const more = left.find(({ uri }) => !uris.includes(uri));
      bench.expect("only", more === undefined, `?${query} lists ${more?.uri}`);
    },
  });
}

const FILTER_CASES: readonly ConformanceCase[] = [
  filterCase("02", "A filter by resource type", "no link with one rt", (links) => {
    const one = links.map(typesOf).find(({ length }) => length === 1)?.[0];
    return one === undefined ? undefined : byType(one);
  }),
  filterCase("03", "A filter by any resource type", "no link with rt", (links) =>
    byPresence(links, "rt"),
  ),
  filterCase(
    "04",
    "A filter by one of several resource types",
    "no link with several rt",
    (links) => {
      const [, second] = links.map(typesOf).find(({ length }) => length > 1) ?? [];
      return second === undefined ? undefined : byType(second);
    },
  ),
  filterCase("05", "A filter by the beginning of an interface", "no link with if", (links) => {
    const [first] = links.flatMap((link) => valuesOf(link, "if"));
    return first === undefined ? undefined : byBeginning("if", first.slice(0, 2));
  }),
  filterCase("06", "A filter by any size", "no link with sz", (links) => byPresence(links, "sz")),
  filterCase("07", "A filter by a target", "no links", ([first]) =>
    first === undefined
      ? undefined
      : { query: `href=${first.uri}`, matches: ({ uri }) => uri === first.uri },
  ),
  filterCase("08", "A filter by the beginning of a target", "no link to object 3", (links) => {
    const device = links.find(({ uri }) => /\/3(\/0)?$/.test(uri));
    if (device === undefined) return undefined;
    const beginning = device.uri.replace(/\/0$/, "");
    return { query: `href=${beginning}*`, matches: ({ uri }) => uri.startsWith(beginning) };
  }),
];

const HIERARCHY = clientCase({
  id: "TD_COAP_LINK_09",
  title: "A link leads to a list of more",
  versions: ALL,
  clauses: ["RFC 6690 §5", "RFC 6690 §4"],
  configuration: C_1,
  begins: "registered",
  needs: DISCOVERY,
  correction: "a link of the client's own that says ct=40; LwM2M has none",
  criteria: {
    list: "what it leads to is a list of links",
    there: "the first of which can be read",
  },
  async procedure(bench) {
    const all = await givenList(bench);
    const entry = all.find((link) => valuesOf(link, "ct").includes(`${LINK_FORMAT}`));
    if (entry === undefined) return bench.applies(false, "the client has no link with ct=40");
    const [first] = await expectList(bench, "list", [], entry.uri);
    bench.expect("list", first !== undefined, `${entry.uri} lists nothing`);
    bench.expectCode("there", await bench.read((first as Link).uri), CONTENT);
  },
});

/** A criterion: a list of links is what a GET is answered with. */
async function expectList<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  query: readonly string[],
  path = WELL_KNOWN,
): Promise<readonly Link[]> {
  const answer = await bench.ask({ method: GET, path, query });
  return [...bench.expectLinks(criterion, answer).values()];
}

async function givenList(bench: Bench): Promise<readonly Link[]> {
  const answer = await bench.ask({ method: GET, path: WELL_KNOWN });
  const links = decodeLinks(decodeUtf8(answer.payload));
  const isList = answer.code === CONTENT && answer.format === LINK_FORMAT && !isMalformed(links);
  bench.given(isList, `${was(answer)}, not with a list`);
  return isMalformed(links) ? [] : links;
}

function byType(type: string): Filter {
  return { query: `rt=${type}`, matches: (link) => typesOf(link).includes(type) };
}

function byBeginning(name: string, beginning: string): Filter {
  return {
    query: `${name}=${beginning}*`,
    matches: (link) => valuesOf(link, name).some((value) => value.startsWith(beginning)),
  };
}

/** Any value; undefined where no link has one. */
function byPresence(links: readonly Link[], name: string): Filter | undefined {
  const matches = (link: Link) => attributeOf(link, name) !== undefined;
  return links.some(matches) ? { query: `${name}=*`, matches } : undefined;
}

function typesOf(link: Link): readonly string[] {
  return valuesOf(link, "rt");
}

/** Of an attribute whose values are parted by blanks (RFC 6690 §3.1, §3.2). */
function valuesOf(link: Link, name: string): readonly string[] {
  return (attributeOf(link, name) ?? "").split(" ").filter((value) => value !== "");
}

export const LINK_CASES: readonly ConformanceCase[] = [RESOURCES, ...FILTER_CASES, HIERARCHY];
