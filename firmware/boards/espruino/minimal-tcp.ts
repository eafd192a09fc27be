/**
 * `minimal.ts` for a board that has TCP and no UDP, as behind a modem: CoAP over TCP (RFC 8323), and nothing of what UDP needs.
 * The server of its settings is a `coap+tcp://192.168.1.10`.
 */
import { StreamEndpoint } from "../../../protocol/coap/stream-endpoint.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { StreamAgent } from "../../agent/stream-agent.ts";
import { startDevice } from "./device.ts";
import { readSettings } from "./settings.ts";
import { ESPRUINO_STREAMS } from "./tcp.ts";

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings) {
    return new StreamEndpoint(settings);
  },
};

const settings = readSettings();
if (settings !== undefined) {
  startDevice(settings, FEATURES, [], function () {}, ESPRUINO_STREAMS, StreamAgent);
}
