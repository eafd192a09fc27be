/** A device and its shadow as mDash's clients read them. */
import { DEVICE_FIRMWARE_VERSION } from "../../../protocol/model/objects/device.ts";
import type { DeviceRecord } from "../../access/model.ts";
import type { Json } from "../../shadow/json.ts";
import type { Shadow } from "../../shadow/shadow.ts";
import { nest } from "../../shadow/state-tree.ts";

const FIRMWARE_VERSION_PATH = `/3/0/${DEVICE_FIRMWARE_VERSION}`;

/** A device as the device API shows it; without a shadow nothing but whether it is there. */
export function deviceJson(device: DeviceRecord, shadow: Shadow | undefined, isOnline: boolean) {
  const watched = shadow?.watched ?? [];
  return {
    id: device.endpointName,
    shadow: shadowJson(shadow, isOnline),
    ...(watched.length > 0 ? { tags: { save: watched } } : {}),
  };
}

export function shadowJson(shadow: Shadow | undefined, isOnline: boolean) {
  const reported = shadow?.reported ?? new Map();
  const desired = shadow?.desired ?? new Map();
  const ota = { id: (reported.get(FIRMWARE_VERSION_PATH)?.value ?? "") as Json };
  const state = {
    // mDash's own members, over what a device may call the same.
    reported: Object.assign(nest(valuesOf(reported)) as object, { online: isOnline, ota }),
    desired: nest(valuesOf(desired)),
    delta: nest(shadow?.delta() ?? []),
  };
  const refused = [...desired].filter(([, { progress }]) => progress === "refused");
  if (refused.length === 0) return { state };
  // Why a difference stays: what nobody else would tell.
  return {
    state,
    refused: Object.fromEntries(refused.map(([path, { reason }]) => [path, reason])),
  };
}

function* valuesOf(
  values: ReadonlyMap<string, { readonly value: Json }>,
): Iterable<[path: string, value: Json]> {
  for (const [path, { value }] of values) yield [path, value];
}
