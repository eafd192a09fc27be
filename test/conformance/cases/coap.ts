/** The group of CoAP: ETSI's CoAP#4 plugtest descriptions in the order of their ids, and cases of our own. */
import type { ConformanceCase } from "../case.ts";
import { BLOCK_CASES } from "./coap-block.ts";
import { CORE_METHOD_CASES } from "./coap-core.ts";
import { CORE_EXCHANGE_CASES } from "./coap-core-exchanges.ts";
import { CORE_OPTION_CASES } from "./coap-core-options.ts";
import { LINK_CASES } from "./coap-link.ts";
import { OBSERVE_CASES } from "./coap-observe.ts";
import { OBSERVE_BLOCK_CASES } from "./coap-observe-blocks.ts";
import { OBSERVE_DELIVERY_CASES } from "./coap-observe-delivery.ts";
import { OWN_COAP_MESSAGE_CASES } from "./own-coap.ts";
import { OWN_COAP_REQUEST_CASES } from "./own-coap-requests.ts";
import { OWN_COAP_RESPONSE_CASES } from "./own-coap-responses.ts";

export const COAP_CASES: readonly ConformanceCase[] = [
  ...byId([...CORE_METHOD_CASES, ...CORE_EXCHANGE_CASES, ...CORE_OPTION_CASES]),
  ...BLOCK_CASES,
  ...byId([...OBSERVE_CASES, ...OBSERVE_DELIVERY_CASES, ...OBSERVE_BLOCK_CASES]),
  ...LINK_CASES,
];

export const OWN_COAP_CASES: readonly ConformanceCase[] = [
  ...OWN_COAP_MESSAGE_CASES,
  ...OWN_COAP_REQUEST_CASES,
  ...OWN_COAP_RESPONSE_CASES,
];

function byId(cases: readonly ConformanceCase[]): ConformanceCase[] {
  return [...cases].sort((left, right) => (left.id < right.id ? -1 : 1));
}
