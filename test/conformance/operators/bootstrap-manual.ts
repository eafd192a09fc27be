/** A Bootstrap-Server that a person configures at its own screens, or that is configured already. */
import type {
  BootstrapAbility,
  BootstrapOperator,
  BootstrapPlan,
} from "../bootstrap-under-test.ts";
import { formatValue } from "../content.ts";
import type { Question } from "./manual.ts";

const VERSIONS = ["1.0", "1.1", "1.2"] as const;
const ABILITIES: readonly BootstrapAbility[] = [
  "configure",
  "discover",
  "read",
  "single resources",
  "outcomes",
];

/** @param isThere false when what is asked is taken to be done, and nobody can say how anything ended */
export function manualBootstrapOperator(ask: Question, isThere = true): BootstrapOperator {
  const abilities = isThere ? ABILITIES : ABILITIES.filter((one) => one !== "outcomes");
  return {
    name: "a person",
    claims: { versions: VERSIONS, abilities },
    async configure(endpointName, plan) {
      const text = sentences(plan).join("\n  ");
      await ask(
        `At the Bootstrap-Server, for the endpoint ${endpointName} alone:\n  ${text}\nThen press Enter.`,
      );
    },
    async remove(endpointName) {
      await ask(
        `At the Bootstrap-Server: remove what is configured for ${endpointName}. Then press Enter.`,
      );
    },
    async outcome(endpointName) {
      const answer = await ask(
        `How did the last bootstrap of ${endpointName} end, by what the Bootstrap-Server shows? (y for well, n for badly, nothing if it shows no end)`,
      );
      const word = answer.trim().toLowerCase();
      if (word === "") return undefined;
      return { isSuccess: word.startsWith("y"), words: answer.trim() };
    },
    async close() {},
  };
}

/** Every endpoint is given something already: nobody has to do anything, and nobody can. */
export function configuredBootstrapOperator(): BootstrapOperator {
  return {
    name: "nobody",
    claims: { versions: VERSIONS, abilities: [] },
    configure: () => Promise.reject(new Error("nobody configures it")),
    remove: async () => {},
    outcome: async () => undefined,
    close: async () => {},
  };
}

function sentences({ values, deletes, discovers, reads = [], isPartial }: BootstrapPlan): string[] {
  const written = Object.entries(values).map(([path, value]) => `${path} = ${formatValue(value)}`);
  return [
    ...(discovers === true ? ["have it discover / first, and write beside what it finds;"] : []),
    ...reads.map((path) => `have it read ${path};`),
    deletes.length === 0 ? "have it delete nothing;" : `have it delete ${deletes.join(" and ")};`,
    isPartial === true ? "have it write the resource alone:" : "have it write:",
    ...written.map((line) => `  ${line}`),
  ];
}
