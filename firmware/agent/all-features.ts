/**
 * An agent with room for everything: what Node and the fleet have.
 */
import { CoapEndpoint } from "../../protocol/coap/coap-endpoint.ts";
import type { CoapSettings } from "../../protocol/coap/exchange.ts";
import { TEXT_CODEC } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import { ACCESS_RULES } from "./access-control.ts";
import { withCompositeAttributes, withComposites } from "./composites.ts";
import type { AgentFeatures } from "./features.ts";
import { instanceOperations } from "./instance-operations.ts";
import { MANAGEMENT_RULES } from "./management-rules.ts";
import { NAMED_RESOURCES } from "./named-resources.ts";
import { REPORTING_ATTRIBUTES } from "./reporting-attributes.ts";

/** Every feature. Of the formats text and TLV, which all servers have; `ALL_CODECS` are all of them. */
export const ALL_FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings: CoapSettings) {
    return new CoapEndpoint(settings);
  },
  operations: [instanceOperations],
  attributes: withCompositeAttributes(REPORTING_ATTRIBUTES),
  otherPaths: withComposites(NAMED_RESOURCES),
  management: MANAGEMENT_RULES,
  access: ACCESS_RULES,
};
