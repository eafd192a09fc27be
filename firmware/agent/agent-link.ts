/**
 * An agent's side of one server with all it can do: what `Agent` adds to `ServerLink`.
 */
import type { Agent } from "./agent.ts";
import { ServerLink } from "./server-link.ts";

export class AgentLink extends ServerLink {
  declare readonly agent: Agent;
}
