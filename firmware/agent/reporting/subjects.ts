/**
 * What features let servers observe beside one path of an object: named resources, and whatever else is a `subject`.
 */
import type { BasicAgent } from "../basic-agent.ts";

/** A subject has another value, or is gone: whoever observes it may have to hear of it. */
export function handleSubject(agent: BasicAgent, subject: unknown, isGone: boolean): void {
  for (let i = 0; i < agent.links.length; i++) {
    const observers = agent.links[i].observers;
    if (observers === undefined) continue;
    for (let k = 0; k < observers.observations.length; k++) {
      const observation = observers.observations[k];
      if (observation.subject !== subject) continue;
      if (isGone) observation.expire();
      else observation.handleChange(undefined, agent.features.attributes);
    }
  }
  agent.wake();
}
