/**
 * Connectivity Monitoring (4): the network that the device is on, as its board knows it (LwM2M Core 1.2.2 §E.5).
 */
import type { Value } from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import { resourceFlags } from "../../protocol/model/object-definition.ts";
import {
  CONNECTIVITY_APN,
  CONNECTIVITY_AVAILABLE_NETWORK_BEARER,
  CONNECTIVITY_CELL_ID,
  CONNECTIVITY_IP_ADDRESSES,
  CONNECTIVITY_LAC,
  CONNECTIVITY_LINK_QUALITY,
  CONNECTIVITY_LINK_UTILIZATION,
  CONNECTIVITY_NETWORK_BEARER,
  CONNECTIVITY_RADIO_SIGNAL_STRENGTH,
  CONNECTIVITY_ROUTER_IP_ADDRESSES,
  CONNECTIVITY_SIGNAL_SNR,
  CONNECTIVITY_SMCC,
  CONNECTIVITY_SMNC,
} from "../../protocol/model/objects/connectivity-monitoring.ts";
import { CONNECTIVITY_COVERAGE_ENHANCEMENT_LEVEL } from "../../protocol/model/objects/connectivity-monitoring-1-3.ts";
import { IdTable, LwM2mObject } from "./lwm2m-object.ts";

/** What a modem or an operating system tells of the network; what it cannot tell is absent. */
export interface NetworkState {
  /** /4/0/0: 6 NB-IoT, 7 LTE Cat M1, 21 WLAN, 41 Ethernet, ... */
  readonly bearer: number;
  readonly availableBearers: readonly number[];
  /** dBm; 0 of a wire. */
  readonly signalStrength: number;
  readonly linkQuality?: number;
  readonly addresses: readonly string[];
  readonly routers?: readonly string[];
  /** Percent. */
  readonly linkUtilization?: number;
  readonly apns?: readonly string[];
  readonly cellId?: number;
  readonly networkCode?: number;
  readonly countryCode?: number;
  /** dB. */
  readonly snr?: number;
  readonly areaCode?: number;
  readonly coverageEnhancement?: number;
}

/** The port: the network as it is now. */
export interface Network {
  state(): NetworkState;
}

/** Object 4, in the version that the device's enabler has. */
export function connectivityMonitoringObject(
  definition: ObjectDefinition,
  network: Network,
): LwM2mObject {
  const object = new LwM2mObject(definition);
  const { bearer, availableBearers, signalStrength, addresses } = network.state();
  object.create(0, {
    [CONNECTIVITY_NETWORK_BEARER]: bearer,
    [CONNECTIVITY_AVAILABLE_NETWORK_BEARER]: availableBearers,
    [CONNECTIVITY_RADIO_SIGNAL_STRENGTH]: signalStrength,
    [CONNECTIVITY_IP_ADDRESSES]: addresses,
  });
  refreshConnectivity(object, network);
  return object;
}

/** Looks at the network again. Observers hear of what has changed, as their attributes say. */
export function refreshConnectivity(object: LwM2mObject, network: Network): void {
  const now = network.state();
  show(object, CONNECTIVITY_NETWORK_BEARER, now.bearer);
  showAll(object, CONNECTIVITY_AVAILABLE_NETWORK_BEARER, now.availableBearers);
  show(object, CONNECTIVITY_RADIO_SIGNAL_STRENGTH, now.signalStrength);
  show(object, CONNECTIVITY_LINK_QUALITY, now.linkQuality);
  showAll(object, CONNECTIVITY_IP_ADDRESSES, now.addresses);
  showAll(object, CONNECTIVITY_ROUTER_IP_ADDRESSES, now.routers);
  show(object, CONNECTIVITY_LINK_UTILIZATION, now.linkUtilization);
  showAll(object, CONNECTIVITY_APN, now.apns);
  show(object, CONNECTIVITY_CELL_ID, now.cellId);
  show(object, CONNECTIVITY_SMNC, now.networkCode);
  show(object, CONNECTIVITY_SMCC, now.countryCode);
  show(object, CONNECTIVITY_SIGNAL_SNR, now.snr);
  show(object, CONNECTIVITY_LAC, now.areaCode);
  show(object, CONNECTIVITY_COVERAGE_ENHANCEMENT_LEVEL, now.coverageEnhancement);
}

function show(object: LwM2mObject, resourceId: number, value: number | undefined): void {
  if (resourceFlags(object.definition, resourceId) === 0) return;
  if (value === undefined) object.unset(0, resourceId);
  else object.set(0, resourceId, value);
}

/** A list that is as it was is left alone: to set it would be a change. */
function showAll(
  object: LwM2mObject,
  resourceId: number,
  values: readonly Value[] | undefined,
): void {
  if (values === undefined) {
    object.unset(0, resourceId);
    return;
  }
  const instance = object.instances.get(0);
  const held = instance === undefined ? undefined : instance.get(resourceId);
  let isSame = held instanceof IdTable && held.items.length === values.length;
  for (let i = 0; isSame && i < values.length; i++) {
    isSame = (held as IdTable<Value>).items[i] === values[i];
  }
  if (!isSame) object.set(0, resourceId, values);
}
