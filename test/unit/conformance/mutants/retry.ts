/** Clients that read their account's settings of registration otherwise than they are. */
import { POST } from "../../../../protocol/coap/codes.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import type { ClientAdapter, Values } from "../../../conformance/index.ts";
import { capableAdapter } from "../capable-client.ts";

import { isRegister, type Mutant, mutant, pathIn } from "./mutant.ts";

/** A client whose accounts, or instances of another object, say something else than they were configured to. */
export function misconfigured(
  name: string,
  caughtBy: readonly string[],
  change: (values: Values) => Values,
  objectId = 1,
): Mutant {
  const base = capableAdapter();
  const adapter: ClientAdapter = {
    ...base,
    prepare: (setup) => {
      const { objects } = setup.configuration;
      const instances = Object.entries(objects[objectId] ?? {}).map(
        ([id, values]) => [id, change(values)] as const,
      );
      const isThere = objects[objectId] !== undefined;
      const changed = isThere ? { ...objects, [objectId]: Object.fromEntries(instances) } : objects;
      return base.prepare({
        ...setup,
        configuration: { ...setup.configuration, objects: changed },
      });
    },
  };
  return { name, caughtBy, adapter };
}

const numberAt = (account: Values, id: number, usual: number) => Number(account[id] ?? usual);
const without = (account: Values, id: number): Values => {
  const { [id]: _, ...rest } = account;
  return rest;
};
const isFinish = (m: Message) => m.code === POST && pathIn(m) === "/bs";

export const RETRY_MUTANTS: readonly Mutant[] = [
  misconfigured(
    "waits ten times as long between attempts",
    [
      "dormouse-retry-timers back-off",
      "dormouse-retry-defaults back-off",
      "dormouse-retry-unanswered attempt",
      "dormouse-retry-bootstrap sequences",
    ],
    (account) => ({ ...account, 18: 10 * numberAt(account, 18, 60) }),
  ),
  misconfigured(
    "waits half as long between sequences",
    [
      "dormouse-retry-timers delay",
      "dormouse-retry-unanswered delay",
      "dormouse-retry-bootstrap sequences",
    ],
    (account) => ({ ...account, 19: numberAt(account, 19, 86400) / 2 }),
  ),
  misconfigured(
    "makes one attempt more than it should",
    ["dormouse-retry-timers delay", "dormouse-retry-defaults count"],
    (account) => ({ ...account, 17: numberAt(account, 17, 5) + 1 }),
  ),
  mutant("loses an attempt of its second sequence", ["dormouse-retry-timers sequence"], () => {
    const seen = new Set<number>();
    return {
      fromClient: (m) => {
        if (!isRegister(m)) return m;
        seen.add(m.messageId);
        return seen.size === 5 ? undefined : m;
      },
    };
  }),
  misconfigured(
    "never turns to its bootstrap server",
    ["dormouse-retry-bootstrap request"],
    (account) => ({ ...account, 16: false }),
  ),
  misconfigured(
    "turns to its bootstrap server though it must not",
    ["dormouse-retry-no-bootstrap silent"],
    (account) => ({ ...account, 16: true }),
  ),
  mutant("does not register once it is bootstrapped", ["dormouse-retry-bootstrap register"], () => {
    let isFinished = false;
    return {
      toClient: (m) => {
        isFinished ||= isFinish(m);
        return m;
      },
      fromClient: (m) => (isFinished && isRegister(m) ? undefined : m),
    };
  }),
  misconfigured("knows no order of its servers", ["dormouse-registration-order first"], (account) =>
    without(account, 13),
  ),
  misconfigured(
    "takes the highest priority for the lowest",
    ["dormouse-registration-block first", "dormouse-registration-pass first"],
    (account) =>
      account[13] === undefined ? account : { ...account, 13: 9 - Number(account[13]) },
  ),
  mutant("does not wait for the server before", ["dormouse-registration-order waits"], () => {
    let hasSaid = false;
    return {
      fromClient: (m, say) => {
        if (isRegister(m) && !hasSaid) {
          hasSaid = true;
          say({ ...m, messageId: m.messageId ^ 0x4000 }, 0);
        }
        return m;
      },
    };
  }),
  misconfigured("registers without delay", ["dormouse-registration-delay delay"], (account) =>
    without(account, 14),
  ),
  misconfigured(
    "is not blocked by a server that fails",
    ["dormouse-registration-block second"],
    (account) => ({ ...account, 15: false }),
  ),
  misconfigured(
    "is blocked by any server that fails",
    ["dormouse-registration-pass second"],
    (account) => ({ ...account, 15: true }),
  ),
];
