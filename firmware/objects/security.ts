/**
 * LwM2M Security (0): an instance per server account, made by the agent: how that server is reached and secured. The application can
 * read it; no server can, except in bootstrap (LwM2M Core 1.1.1 §E.1).
 */
import {
  SECURITY,
  SECURITY_BOOTSTRAP_SERVER,
  SECURITY_MODE,
  SECURITY_PUBLIC_KEY_OR_IDENTITY,
  SECURITY_SECRET_KEY,
  SECURITY_SERVER_PUBLIC_KEY,
  SECURITY_SERVER_URI,
  SECURITY_SHORT_SERVER_ID,
} from "../../protocol/model/objects/security.ts";
import type { Instance } from "./lwm2m-object.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

/** /0/x/2: no (D)TLS. */
const NO_SECURITY = 3;
const NO_KEY = new Uint8Array(0);

/** Object 0 without instances. */
export function securityObject(): LwM2mObject {
  const object = new LwM2mObject(SECURITY);
  object.isFixed = true;
  return object;
}

/** The instance made last. */
let usual: LwM2mObject | undefined;

/** Makes the instance of an account without security. Agents of a fleet, whose accounts are alike, share it. */
export function addSecurity(
  object: LwM2mObject,
  instanceId: number,
  shortServerId: number,
  uri: string,
): void {
  if (
    usual === undefined ||
    usual.get(0, SECURITY_SERVER_URI) !== uri ||
    usual.get(0, SECURITY_SHORT_SERVER_ID) !== shortServerId
  ) {
    usual = new LwM2mObject(SECURITY);
    usual.create(0, {
      [SECURITY_SERVER_URI]: uri,
      [SECURITY_BOOTSTRAP_SERVER]: false,
      [SECURITY_MODE]: NO_SECURITY,
      [SECURITY_PUBLIC_KEY_OR_IDENTITY]: NO_KEY,
      [SECURITY_SERVER_PUBLIC_KEY]: NO_KEY,
      [SECURITY_SECRET_KEY]: NO_KEY,
      [SECURITY_SHORT_SERVER_ID]: shortServerId,
    });
  }
  const instance = usual.instances.get(0) as Instance;
  instance.isShared = true;
  object.create(instanceId, instance);
}
