/**
 * An agent with room for everything: what Node and the fleet have.
 */
import { CoapEndpoint } from "../../protocol/coap/coap-endpoint.ts";
import { CoapStreamEndpoint } from "../../protocol/coap/coap-stream-endpoint.ts";
import type { CoapSettings } from "../../protocol/coap/exchange.ts";
import { TEXT_CODEC } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import type { AgentFeatures } from "./features.ts";
import { ACCESS_RULES } from "./management/access-control.ts";
import { withCompositeAttributes, withComposites } from "./management/composites.ts";
import { instanceOperations } from "./management/instance-operations.ts";
import { MANAGEMENT_RULES } from "./management/management-rules.ts";
import { NAMED_RESOURCES } from "./management/named-resources.ts";
import { REPORTING_ATTRIBUTES } from "./reporting/reporting-attributes.ts";
import type { ServerAddress } from "./server-address.ts";
import { TCP } from "./server-address.ts";

/** Every feature. Of the formats text and TLV, which all servers have; `ALL_CODECS` are all of them. */
export const ALL_FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings: CoapSettings, address: ServerAddress) {
    return address.transport === TCP
      ? new CoapStreamEndpoint(settings)
      : new CoapEndpoint(settings);
  },
  operations: [instanceOperations],
  attributes: withCompositeAttributes(REPORTING_ATTRIBUTES),
  otherPaths: withComposites(NAMED_RESOURCES),
  management: MANAGEMENT_RULES,
  access: ACCESS_RULES,
};
