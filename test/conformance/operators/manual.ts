/** A person at the server's own screens. */
import { sentenceOf } from "../order-words.ts";
import {
  ABILITIES,
  type KnownClient,
  type Operator,
  type Order,
  type Outcome,
} from "../server-under-test.ts";
import { Told } from "./rest.ts";

/** Shows a text and resolves with what the person typed, without the end of the line. */
export type Question = (text: string) => Promise<string>;

export function manualOperator(ask: Question): Operator {
  const outcomes = new Map<string, Outcome>();
  const values = new Told();
  let orders = 0;
  return {
    name: "a person",
    claims: { versions: ["1.0", "1.1", "1.2"], abilities: ABILITIES },
    async find(endpointName): Promise<KnownClient | undefined> {
      const answer = await ask(
        `Is the client ${endpointName} registered at the server? (y, n, or q if it is shown in queue mode)`,
      );
      const word = answer.trim().toLowerCase();
      return word === "n" ? undefined : { queueMode: word === "q", paths: undefined };
    },
    async order(endpointName, order) {
      const orderId = `${++orders}`;
      await ask(
        `At the server, for the client ${endpointName}: ${sentenceOf(order)} Then press Enter.`,
      );
      // The exchange goes on while the person looks: the outcome is asked for when it is needed.
      void askOutcome(ask, order).then((outcome) => {
        outcomes.set(orderId, outcome);
        if (order.kind === "observe" && outcome.value !== undefined) {
          values.tell(endpointName, order.path, outcome.value);
        }
      });
      return orderId;
    },
    outcome: (orderId) => outcomes.get(orderId),
    told: (endpointName, path) => values.of(endpointName, path),
    async close() {},
  };
}

async function askOutcome(ask: Question, order: Order): Promise<Outcome> {
  const answer = await ask(
    `What does the server show of this: ${sentenceOf(order)} (its values, or - if it failed)`,
  );
  const text = answer.trim();
  if (text === "-") return { isSuccess: false, words: "failed", value: undefined };
  return { isSuccess: true, words: "done", value: text };
}
