/**
 * The least that is an LwM2M device on Kaluma: registers, updates and de-registers, is read, written, executed, observed and discovered, in
 * text and TLV. Neither blocks nor attributes, Create or Delete; `main.ts` has the first two.
 */
import { BasicEndpoint } from "../../../protocol/coap/basic-endpoint.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { startDevice } from "./device.ts";
import { readSettings } from "./settings.ts";

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings) {
    return new BasicEndpoint(settings);
  },
};

const settings = readSettings();
if (settings !== undefined) startDevice(settings, FEATURES, [], function () {});
