/**
 * What a bootstrap server is told of a device's objects and accounts (LwM2M Core 1.2.2 §6.1.7.3):
 *
 *     </>;lwm2m=1.1,</0/0>;ssid=1;uri="coap://192.0.2.1",</0/1>,</1/0>;ssid=1,</3>;ver=1.1,</3/0>
 *
 * Without `ssid`, /0/1 is the bootstrap server's own account. In LwM2M 1.0 the version stands alone, and there is no `uri`.
 */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import type { TreeLink } from "../../../protocol/lwm2m/tree-links.ts";
import { formatTreeLinks } from "../../../protocol/lwm2m/tree-links.ts";
import { impliedObjectVersion } from "../../../protocol/lwm2m/versions.ts";
import { NO_ATTRIBUTES } from "../../../protocol/model/attributes.ts";
import { SECURITY_SERVER_URI } from "../../../protocol/model/objects/security.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { idsOf, ownerOf, resourceOf, SECURITY_OBJECT } from "./accounts.ts";
import type { ObjectTarget } from "./bootstrap-changes.ts";

/** Everything, or one object that is there. */
export function bootstrapLinks(source: ObjectTarget, path: Path): Uint8Array {
  const said = source.version();
  const version = said === undefined ? "1.1" : said;
  const objectIds = path.length === 0 ? source.objectIds() : path;
  let links: readonly TreeLink[] = [];
  for (let i = 0; i < objectIds.length; i++) {
    links = links.concat(objectLinks(source, objectIds[i], version));
  }
  const text = formatTreeLinks({
    enabler: version === "1.0" ? undefined : version,
    rootPath: "",
    contentFormats: [],
    isTyped: false,
    links: links,
    others: [],
  });
  if (version !== "1.0") return encodeUtf8(text);
  return encodeUtf8(`lwm2m="1.0"${text === "" ? "" : ","}${text}`);
}

/** An object's instances; the object itself where it has none, or a version that the enabler's does not imply. */
function objectLinks(source: ObjectTarget, objectId: number, enabler: string): readonly TreeLink[] {
  const object = source.object(objectId);
  if (object === undefined) return [];
  const ids = idsOf(source, objectId);
  const links: TreeLink[] = [];
  const version = object.definition.version;
  const isImplied = version === impliedObjectVersion(enabler, objectId);
  if (!isImplied || ids.length === 0) {
    links.push(link([objectId], isImplied ? undefined : version, undefined, undefined));
  }
  for (let i = 0; i < ids.length; i++) {
    const owner = ownerOf(source, objectId, ids[i]);
    const isSaid = objectId === SECURITY_OBJECT && owner !== undefined && enabler !== "1.0";
    const uri = isSaid ? resourceOf(source, objectId, ids[i], SECURITY_SERVER_URI) : undefined;
    const text = typeof uri === "string" ? uri : undefined;
    links.push(link([objectId, ids[i]], undefined, owner, text));
  }
  return links;
}

function link(
  path: Path,
  version: string | undefined,
  shortServerId: number | undefined,
  uri: string | undefined,
): TreeLink {
  return {
    path: path,
    version: version,
    dimension: undefined,
    shortServerId: shortServerId,
    serverUri: uri,
    attributes: NO_ATTRIBUTES,
  };
}
