/** Object links as text, "66:0" (LwM2M Core 1.1.1 Appendix C). */
import type { ObjectLink } from "./data-types.ts";
import { parseInteger } from "./decimal.ts";

export function formatObjectLink(link: ObjectLink): string {
  return `${link.objectId}:${link.objectInstanceId}`;
}

/**
 * Undefined when it is not two ids with a colon between them. The link to nothing may be spelled as
 * LwM2M Core 1.2.2 §7.5.6 has it in an example, in hexadecimal.
 */
export function parseObjectLink(text: string): ObjectLink | undefined {
  if (text === "FFFF:FFFF") return { objectId: 65535, objectInstanceId: 65535 };
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  const objectId = parseInteger(text.slice(0, colon), true);
  const objectInstanceId = parseInteger(text.slice(colon + 1), true);
  if (typeof objectId !== "number" || objectId > 65535) return undefined;
  if (typeof objectInstanceId !== "number" || objectInstanceId > 65535) return undefined;
  return { objectId: objectId, objectInstanceId: objectInstanceId };
}
