/**
 * What a program with room to spare can do beyond the core: text and TLV, bodies in blocks, attributes of observations. `minimal.ts` is
 * without.
 */
import { BlockWiseEndpoint } from "../../protocol/coap/block-wise-endpoint.ts";
import { TEXT_CODEC } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import type { AgentFeatures } from "./features.ts";
import { NOTIFICATION_ATTRIBUTES } from "./reporting/notification-attributes.ts";

export const BOARD_FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings) {
    return new BlockWiseEndpoint(settings);
  },
  attributes: NOTIFICATION_ATTRIBUTES,
};
