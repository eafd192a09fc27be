/** What values of type Objlnk may say: an instance or an object that there is, or nothing (LwM2M Core 1.2.2 §6.3.3, Appendix C). */
import type { Entry, ObjectLink } from "../../../protocol/model/data-types.ts";
import { OBJLNK } from "../../../protocol/model/data-types.ts";
import { RESERVED_ID } from "../../../protocol/model/path.ts";
import type { BasicAgent } from "../basic-agent.ts";

/** True when one of the values links to what is not there. */
export function hasLooseLink(agent: BasicAgent, entries: readonly Entry[]): boolean {
  for (let i = 0; i < entries.length; i++) {
    const value = entries[i].value;
    if (entries[i].type === OBJLNK && value !== undefined && isLoose(agent, value as ObjectLink)) {
      return true;
    }
  }
  return false;
}

/** `65535:65535` links to nothing, `3:65535` to an object as a whole. */
function isLoose(agent: BasicAgent, link: ObjectLink): boolean {
  if (link.objectId === RESERVED_ID) return link.objectInstanceId !== RESERVED_ID;
  const object = agent.object(link.objectId);
  if (object === undefined) return true;
  if (link.objectInstanceId === RESERVED_ID) return false;
  return object.instances.get(link.objectInstanceId) === undefined;
}
