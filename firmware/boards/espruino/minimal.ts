/**
 * The least that is an LwM2M device, for the smallest boards: registers, updates and de-registers, is read, written, executed, observed
 * and discovered, in text and TLV, and sleeps. Neither blocks nor attributes, Create or Delete.
 */
import { BasicEndpoint } from "../../../protocol/coap/basic-endpoint.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { startDevice } from "./device.ts";
import { readSettings } from "./settings.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings) {
    return new BasicEndpoint(settings);
  },
};

const settings = readSettings();
if (settings !== undefined) {
  startDevice(settings, FEATURES, [], function () {}, ESPRUINO_DATAGRAMS);
}
