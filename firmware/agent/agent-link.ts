/**
 * An agent's side of one server with all it can do: what `Agent` adds to `ServerLink`, `ReportingLink` and `RelayingLink`.
 */
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import type { Agent } from "./agent.ts";
import { codecsOf } from "./all-codecs.ts";
import { RelayingLink } from "./relaying-link.ts";

export class AgentLink extends RelayingLink {
  declare readonly agent: Agent;

  override formats(): readonly ContentCodec[] {
    const version = this.version();
    const own = this.agent.codecs;
    return version === this.agent.version() ? own : codecsOf(own, version);
  }
}
