/**
 * The secrets in a bootstrap configuration: sealed before it is stored, hidden before it is shown.
 *
 * Nobody gets one back: where it was is `{"secret": true}`, and whoever writes that at the same place leaves what is there. A value that is
 * generated is no secret in a document, since it only says how long it is.
 */
import { OPAQUE, TYPE_MASK } from "../../protocol/model/data-types.ts";
import { resourceFlags } from "../../protocol/model/object-definition.ts";
import { definitionOf } from "./configuration.ts";
import type { ConfigurationDocument } from "./document.ts";
import { bad, sealedIn } from "./values.ts";

/** What is shown where a secret is. */
export const HIDDEN = { secret: true };

/** Bytes of the account objects that are no secrets: public keys, identities, OSCORE's ids and salt (LwM2M Core 1.2.2 §E.1, §E.9). */
const PUBLIC = new Set(["0/3", "0/4", "0/7", "21/1", "21/2", "21/5", "21/6"]);
/** A text that is a secret: COSE's key. */
const SECRET_TEXT = "23/2";

/**
 * What becomes of a secret.
 *
 * @param place where it is, as `/0/1/5`
 * @param owner what it stays with when the document changes: of an account in `servers` its Short Server ID too
 */
type ChangeSecret = (json: unknown, place: string, owner: string) => unknown;

/** The document as it is shown. */
export function hidden(document: ConfigurationDocument): ConfigurationDocument {
  return withSecrets(document, () => HIDDEN);
}

/**
 * The document as it is stored.
 *
 * @param former what is stored now, whose secrets stay where `document` says `{"secret": true}`
 * @param seal makes a text of a secret's JSON
 * @throws Error with code `access/bad-value` where there is no secret to stay
 */
export function sealed(
  document: ConfigurationDocument,
  former: ConfigurationDocument | undefined,
  seal: (place: string, json: string) => string,
): ConfigurationDocument {
  const kept = new Map<string, unknown>();
  if (former !== undefined) {
    withSecrets(former, (json, _, owner) => {
      kept.set(owner, json);
      return json;
    });
  }
  return withSecrets(document, (json, place, owner) => {
    if (!isHidden(json)) return { sealed: seal(place, JSON.stringify(json)) };
    const before = kept.get(owner);
    if (before === undefined) throw bad(place, "there is no secret here to keep; expected a value");
    return before;
  });
}

function withSecrets(document: ConfigurationDocument, change: ChangeSecret): ConfigurationDocument {
  const { servers, objects } = document;
  return {
    ...document,
    ...(servers !== undefined && {
      servers: servers.map((server, i) => {
        const { secretKey } = server;
        if (secretKey === undefined || isGenerated(secretKey)) return server;
        const place = `/0/${i + 1}/5`;
        const changed = change(secretKey, place, `${place} ${server.shortServerId}`);
        return { ...server, secretKey: changed as typeof secretKey };
      }),
    }),
    ...(objects !== undefined && { objects: changeObjects(objects, change) }),
  };
}

type Objects = NonNullable<ConfigurationDocument["objects"]>;

function changeObjects(objects: Objects, change: ChangeSecret): Objects {
  return mapValues(objects, (instances, objectId) =>
    mapValues(instances, (resources, instanceId) =>
      mapValues(resources, (json, resourceId) => {
        if (!isSecret(objectId, resourceId) || isGenerated(json)) return json;
        const place = `/${objectId}/${instanceId}/${resourceId}`;
        return change(json, place, place);
      }),
    ),
  );
}

/** Whether a resource holds a secret: all bytes do that are not known to be public. */
function isSecret(objectId: string, resourceId: string): boolean {
  const place = `${objectId}/${resourceId}`;
  const definition = definitionOf(Number(objectId));
  const flags = definition === undefined ? 0 : resourceFlags(definition, Number(resourceId));
  return place === SECRET_TEXT || ((flags & TYPE_MASK) === OPAQUE && !PUBLIC.has(place));
}

function isGenerated(json: unknown): boolean {
  return typeof json === "object" && json !== null && "generate" in json;
}

function isHidden(json: unknown): boolean {
  return typeof json === "object" && json !== null && "secret" in json;
}

/** A secret that is sealed already, which only the store may hold. */
export function refuseSealed(document: ConfigurationDocument): void {
  withSecrets(document, (json, place) => {
    if (sealedIn(json) !== undefined) throw bad(place, "expected the value itself");
    return json;
  });
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, map(value, name)]),
  );
}
