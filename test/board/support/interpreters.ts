/**
 * The interpreters that `ESPRUINO_BINS` names, and which kinds of board are not among them: a pool of 5,000 or 12,000 variables of 32-bit
 * size, with and without unicode support.
 */
import { type Espruino, findEspruinos } from "../../engine/support/espruino.ts";

export interface Interpreter {
  readonly name: string;
  readonly engine: Espruino;
  /** Variables; it does not grow where `isFixed`. */
  readonly pool: number;
  readonly isFixed: boolean;
  readonly hasUnicode: boolean;
}

const KINDS = [5000, 12000].flatMap((pool) =>
  [false, true].map((hasUnicode) => ({
    pool,
    hasUnicode,
    name: `${pool} variables ${hasUnicode ? "with" : "without"} unicode support, 32-bit`,
  })),
);

/** Those that are here. */
export async function interpreters(): Promise<Interpreter[]> {
  const found: Interpreter[] = [];
  for (const { name, engine } of findEspruinos(process.env.ESPRUINO_BINS)) {
    if (engine === undefined) continue;
    const { total, isFixed } = await engine.measure("1");
    const [length] = await engine.run('print("\xc3\xa9".length)');
    found.push({ name, engine, pool: total, isFixed, hasUnicode: length === "1" });
  }
  return found;
}

/** What is not here, by name. */
export function missingKinds(found: readonly Interpreter[]): string[] {
  const missing = KINDS.filter(
    (kind) =>
      !found.some(
        ({ pool, isFixed, hasUnicode }) =>
          isFixed && pool === kind.pool && hasUnicode === kind.hasUnicode,
      ),
  );
  return missing.map(({ name }) => name);
}
