/**
 * LwM2M Security (0): an instance per account, of a server or of the bootstrap server: how it is reached and secured. The application
 * can read it; no server can, and only bootstrap writes it (LwM2M Core 1.1.1 §E.1).
 */
import type { Value } from "../../protocol/model/data-types.ts";
import {
  SECURITY,
  SECURITY_ACCOUNT_TIMEOUT,
  SECURITY_BOOTSTRAP_SERVER,
  SECURITY_CLIENT_HOLD_OFF_TIME,
  SECURITY_MODE,
  SECURITY_PUBLIC_KEY_OR_IDENTITY,
  SECURITY_SECRET_KEY,
  SECURITY_SERVER_PUBLIC_KEY,
  SECURITY_SERVER_URI,
  SECURITY_SHORT_SERVER_ID,
} from "../../protocol/model/objects/security.ts";
import { SECURITY_1_0 } from "../../protocol/model/objects/security-1-0.ts";
import { SECURITY_1_2 } from "../../protocol/model/objects/security-1-2.ts";
import type { Instance } from "./lwm2m-object.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

/** /0/x/2: no (D)TLS. */
export const NO_SECURITY = 3;
const NO_KEY = new Uint8Array(0);

/** Object 0 without instances. @param version of LwM2M; 1.1 for a plain CoAP device */
export function securityObject(version: string | undefined): LwM2mObject {
  const newer = version === "1.2" ? SECURITY_1_2 : SECURITY;
  const object = new LwM2mObject(version === "1.0" ? SECURITY_1_0 : newer);
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

/** Makes the instance of a bootstrap server's account without security (LwM2M Core 1.1.1 §E.1). Both times in seconds; undefined leaves the resource out. */
export function addBootstrapSecurity(
  object: LwM2mObject,
  instanceId: number,
  uri: string,
  holdOff: number | undefined,
  accountTimeout: number | undefined,
): void {
  const values: { [resourceId: number]: Value | undefined } = {
    [SECURITY_SERVER_URI]: uri,
    [SECURITY_BOOTSTRAP_SERVER]: true,
    [SECURITY_MODE]: NO_SECURITY,
    [SECURITY_PUBLIC_KEY_OR_IDENTITY]: NO_KEY,
    [SECURITY_SERVER_PUBLIC_KEY]: NO_KEY,
    [SECURITY_SECRET_KEY]: NO_KEY,
    [SECURITY_CLIENT_HOLD_OFF_TIME]: holdOff,
    [SECURITY_ACCOUNT_TIMEOUT]: accountTimeout,
  };
  object.create(instanceId, values);
}
