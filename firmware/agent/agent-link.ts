/**
 * An agent's side of one server with all it can do: what `Agent` adds to `ServerLink` and `ReportingLink`.
 */
import type { Agent } from "./agent.ts";
import { ReportingLink } from "./reporting-link.ts";

export class AgentLink extends ReportingLink {
  declare readonly agent: Agent;
}
