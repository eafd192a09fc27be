/**
 * An agent's side of one server with all it can do: what `Agent` adds to `ServerLink` and `ReportingLink`.
 */
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import type { Agent } from "./agent.ts";
import { codecsOf } from "./all-codecs.ts";
import { ReportingLink } from "./reporting-link.ts";

export class AgentLink extends ReportingLink {
  declare readonly agent: Agent;

  override formats(): readonly ContentCodec[] {
    const version = this.version();
    const own = this.agent.codecs;
    return version === this.agent.version() ? own : codecsOf(own, version);
  }
}
