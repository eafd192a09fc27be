/** How deep a Discover looks: by itself, and where LwM2M 1.2 lets the server say so. */
import { BAD_REQUEST } from "../../../protocol/coap/codes.ts";
import { type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_12, configuredValues } from "../configurations.ts";

/** What is discovered, and how many levels below it a Discover lists by itself. */
const PLACES: readonly (readonly [path: string, usual: number])[] = [
  ["/16", 2],
  ["/3", 2],
  ["/16/0", 1],
  ["/1/0", 1],
  ["/16/0/0", 1],
  ["/1/0/1", 1],
];
const DEPTHS = [0, 1, 2, 3];
/** None of them is a depth that LwM2M knows. */
const NONE = ["depth=4", "depth=9999999999", "depth=-1", "depth=1.5", "depth=", "depth", "depth=x"];

const DEPTH = clientCase({
  id: "dormouse-discover-depth",
  title: "A Discover looks as deep as it is told, or as it does by itself",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.3.2", "LwM2M Transport 1.2.2 §6.4.4"],
  configuration: C_12,
  begins: "registered",
  criteria: {
    usual: "without depth an object is listed two levels down, anything else one",
    depth: "with depth 0 to 3 so many levels, at every level; or depth is passed over everywhere",
    none: "a depth that is none is passed over, or answered by 4.00",
    written: "depth is no attribute: a Write-Attributes of it is answered by 4.00",
  },
  async procedure(bench) {
    for (const [path, usual] of PLACES) await expectListing(bench, "usual", path, [], usual);
    // A client should know depth; one that does not must take no notice of it.
    const { size } = bench.expectLinks("depth", await bench.discover("/16", ["depth=0"]));
    const isKnown = size === 1;
    for (const [path, usual] of PLACES) {
      for (const depth of DEPTHS) {
        await expectListing(bench, "depth", path, [`depth=${depth}`], isKnown ? depth : usual);
      }
      for (const query of NONE) await expectListing(bench, "none", path, [query], usual);
    }
    const answer = await bench.writeAttributes("/16", ["depth=1"]);
    bench.expect("written", answer.code === BAD_REQUEST, `${was(answer)}, not by 4.00`);
  },
});

/** All that is configured so many levels below a path, and nothing that is deeper or elsewhere. */
async function expectListing<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  path: string,
  query: readonly string[],
  depth: number,
): Promise<void> {
  const answer = await bench.discover(path, query);
  if (criterion === "none" && answer.code === BAD_REQUEST) return;
  const links = bench.expectLinks(criterion, answer);
  const deepest = levelsOf(path) + depth;
  for (const place of placesBelow(bench, path)) {
    if (levelsOf(place) > deepest) continue;
    bench.expect(criterion, links.has(place), `${was(answer)} without ${place}`);
  }
  for (const uri of links.keys()) {
    const isBelow = uri === path || uri.startsWith(`${path}/`);
    const fits = isBelow && levelsOf(uri) <= deepest;
    bench.expect(criterion, fits, `${was(answer)} with ${uri}, ${depth} levels below it were due`);
  }
}

const levelsOf = (path: string) => path.split("/").length - 1;

/** A path and all that is configured below it, at every level. */
function placesBelow({ configuration }: Bench, path: string): ReadonlySet<string> {
  const places = new Set<string>();
  for (const value of Object.keys(configuredValues(configuration, path))) {
    for (let level = levelsOf(path); level <= levelsOf(value); level++) {
      places.add(
        value
          .split("/")
          .slice(0, level + 1)
          .join("/"),
      );
    }
  }
  return places;
}

export const OWN_DISCOVER_DEPTH_CASES: readonly ConformanceCase[] = [DEPTH];
