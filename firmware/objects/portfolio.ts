/**
 * Portfolio (16): names of a device in the words of those who own it, and what proves that they may use them (OMA registry, 1.0).
 *
 * Servers create, write and delete instances. GetAuthData has the device make its proof: AuthData is there when AuthStatus is 1.
 */
import { NOT_IMPLEMENTED } from "../../protocol/coap/codes.ts";
import {
  PORTFOLIO,
  PORTFOLIO_AUTH_DATA,
  PORTFOLIO_AUTH_STATUS,
  PORTFOLIO_GET_AUTH_DATA,
} from "../../protocol/model/objects/portfolio.ts";
import type { ResourceValues } from "./lwm2m-object.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

// /16/x/3.

export const AUTH_IDLE = 0;
export const AUTH_DATA_AVAILABLE = 1;
export const AUTH_ERROR = 2;

/** Makes the proof of an instance's identities; undefined when it cannot. */
export type Authenticate = (
  object: LwM2mObject,
  instanceId: number,
  text: string,
) => readonly Uint8Array[] | undefined;

/** Object 16 without instances. @param authenticate absent: GetAuthData is 5.01 */
export function portfolioObject(authenticate?: Authenticate): LwM2mObject {
  const object = new LwM2mObject(PORTFOLIO);
  object.onExecute = function (own, instanceId, _resourceId, text) {
    if (authenticate === undefined) return NOT_IMPLEMENTED;
    const proof = authenticate(own, instanceId, text);
    if (proof !== undefined) own.set(instanceId, PORTFOLIO_AUTH_DATA, proof);
    else own.unset(instanceId, PORTFOLIO_AUTH_DATA);
    const status = proof === undefined ? AUTH_ERROR : AUTH_DATA_AVAILABLE;
    own.set(instanceId, PORTFOLIO_AUTH_STATUS, status);
    return undefined;
  };
  object.onWrite = function (own, instanceId) {
    // The proof was of other identities.
    if (own.get(instanceId, PORTFOLIO_AUTH_STATUS) === undefined) return;
    own.unset(instanceId, PORTFOLIO_AUTH_DATA);
    own.set(instanceId, PORTFOLIO_AUTH_STATUS, AUTH_IDLE);
  };
  return object;
}

/** Adds an instance whose identities a server can have proved. */
export function addPortfolio(
  object: LwM2mObject,
  instanceId: number,
  values: ResourceValues,
): void {
  const all: { [resourceId: number]: ResourceValues[number] } = {
    [PORTFOLIO_GET_AUTH_DATA]: true,
    [PORTFOLIO_AUTH_STATUS]: AUTH_IDLE,
  };
  for (const resourceId in values) all[resourceId] = values[resourceId];
  object.create(instanceId, all);
}
