/** A client that can do all that cases ask for: our agent. What it does wrong on purpose is in mutants/. */
import { type InProcessOptions, inProcessAdapter } from "../../conformance/adapters/in-process.ts";
import type { ClientAdapter } from "../../conformance/client-under-test.ts";

export function capableAdapter(options: InProcessOptions = {}): ClientAdapter {
  const base = inProcessAdapter(options);
  return {
    ...base,
    name: "a client that can do everything",
    claims: { ...base.claims, objects: [0, ...base.claims.objects] },
  };
}
