/**
 * `minimal.ts` for a board that has TCP and no UDP, as behind a modem: CoAP over TCP (RFC 8323), and nothing of what UDP needs.
 */
import { StreamEndpoint } from "../../../protocol/coap/stream-endpoint.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { StreamAgent } from "../../agent/stream-agent.ts";
import { startDevice } from "./device.ts";
import { ESPRUINO_STREAMS } from "./tcp.ts";

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings) {
    return new StreamEndpoint(settings);
  },
};

/** `{"endpoint":"board-1","server":"coap+tcp://192.168.1.10","lifetime":3600,"queue":true}`, all optional but the server. */
interface SettingsFile {
  readonly endpoint?: string;
  readonly server: string;
  readonly lifetime?: number;
  readonly queue?: boolean;
}

// Not JSON.parse: what writeJSON wrote has no quotes around names.
const file = require("Storage").readJSON("dormouse.json", true) as SettingsFile | undefined;
if (file === undefined) print("dormouse.json is missing or unreadable.");
else {
  const settings = {
    endpointName: file.endpoint,
    server: file.server,
    lifetime: file.lifetime,
    queueMode: file.queue === true,
  };
  startDevice(settings, FEATURES, [], function () {}, ESPRUINO_STREAMS, StreamAgent);
}
