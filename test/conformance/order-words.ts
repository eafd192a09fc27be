/** What an operator orders, in words. */
import { formatName, formatValue } from "./content.ts";
import type { Order, PathValues } from "./server-under-test.ts";

/** An order as it is said to a person, in one sentence: `write 63 to /1/0/1.` */
export function sentenceOf(order: Order): string {
  const format =
    "format" in order && order.format !== undefined ? ` in ${formatName(order.format)}` : "";
  switch (order.kind) {
    case "read":
      return `read ${order.path}${format}.`;
    case "discover": {
      const depth = order.depth === undefined ? "" : ` with depth ${order.depth}`;
      return `discover ${order.path}${depth}.`;
    }
    case "write":
      return `write ${formatValue(order.value)} to ${order.path}${format}.`;
    case "replace":
      return `replace ${order.path} by ${valuesText(order.values)}${format}.`;
    case "update":
      return `write ${valuesText(order.values)} to ${order.path} and leave the rest${format}.`;
    case "create":
      return `create an instance of ${order.path} with ${valuesText(order.values)}${format}.`;
    case "write-attributes":
      return `write the attributes ${order.attributes.join(", ")} to ${order.path}.`;
    case "execute": {
      const { path, argumentList } = order;
      return `execute ${path}${argumentList === undefined ? "" : ` with ${argumentList}`}.`;
    }
    case "observe": {
      const { path, attributes = [] } = order;
      return `observe ${path}${attributes.length === 0 ? "" : ` with ${attributes.join(", ")}`}.`;
    }
    case "cancel":
      return `cancel the observation of ${order.path}.`;
    case "read-composite":
      return `read ${order.paths.join(", ")} at once${format}.`;
    case "write-composite":
      return `write ${valuesText(order.values)} at once${format}.`;
    case "observe-composite":
      return `observe ${order.paths.join(", ")} as one.`;
    case "cancel-composite":
      return `cancel the observation of ${order.paths.join(", ")} as one.`;
    case "listen":
      return `look out for what the client sends of ${order.path}.`;
    case "delete":
      return `delete ${order.path}.`;
  }
}

function valuesText(values: PathValues): string {
  return Object.entries(values)
    .map(([path, value]) => `${path} = ${formatValue(value)}`)
    .join(", ");
}
