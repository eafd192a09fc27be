/** Clients that do not get over a power cut. */
import { isResponse } from "../../../../protocol/coap/codes.ts";
import { type Message, NO_BYTES } from "../../../../protocol/coap/message.ts";
import type { ClientSetup } from "../../../conformance/index.ts";
import { capableAdapter } from "../capable-client.ts";
import { type Tamper, tamperedAdapter } from "../tampered-client.ts";
import { dropping, instead, isRegister, isUpdate, type Mutant } from "./mutant.ts";

const CASE = "dormouse-power-cut";

/** A client whose fault shows only after its power was cut. */
function mutant(
  name: string,
  criterion: string,
  change: (message: Message) => Message | undefined,
): Mutant {
  const base = capableAdapter();
  const adapter = {
    ...base,
    prepare: async (setup: ClientSetup) => {
      let isCut = false;
      const tamper: Tamper = { fromClient: (message) => (isCut ? change(message) : message) };
      const client = await tamperedAdapter(base, () => tamper).prepare(setup);
      const powerCycle = async () => {
        isCut = true;
        await client.powerCycle?.();
      };
      return new Proxy(client, {
        get: (target, member) => {
          if (member === "powerCycle") return powerCycle;
          const value = Reflect.get(target, member);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
  return { name: `${name} after a power cut`, caughtBy: [`${CASE} ${criterion}`], adapter };
}

export const POWER_MUTANTS: readonly Mutant[] = [
  mutant("does not come back", "back", () => undefined),
  mutant(
    "registers without its list",
    "full",
    instead(isRegister, (message) => ({ ...message, payload: NO_BYTES })),
  ),
  mutant(
    "is deaf",
    "manageable",
    dropping(({ code }) => isResponse(code)),
  ),
  mutant("lets its registration expire", "in-time", dropping(isUpdate)),
];
