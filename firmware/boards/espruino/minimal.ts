/**
 * The least that is an LwM2M device, for the smallest boards: registers, updates and de-registers, is read, written, executed, observed
 * and discovered, in text and TLV, and sleeps. Neither blocks nor attributes, Create or Delete.
 */
import { BasicEndpoint } from "../../../protocol/coap/basic-endpoint.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import type { DeviceSettings } from "./device.ts";
import { readSettings, SETTINGS_FILE, startDevice } from "./device.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings) {
    return new BasicEndpoint(settings);
  },
};

const settings = readSettings() as DeviceSettings | undefined;
if (settings === undefined) print(SETTINGS_FILE, "is missing or unreadable.");
else startDevice(settings, FEATURES, [], function () {}, ESPRUINO_DATAGRAMS);
