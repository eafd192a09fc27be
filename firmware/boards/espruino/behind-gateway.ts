/**
 * A board without IP, behind a gateway on its first serial port: `minimal.ts` with a line in place of UDP.
 */
import { BasicEndpoint } from "../../../protocol/coap/basic-endpoint.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { startDevice } from "./device.ts";
import { serialDatagrams } from "./serial.ts";
import { readSettingsFile } from "./settings.ts";

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings) {
    return new BasicEndpoint(settings);
  },
};

/** `{"endpoint":"cellar","baud":115200,"lifetime":3600,"queue":true}`, all optional. */
interface SettingsFile {
  readonly endpoint?: string;
  readonly baud?: number;
  readonly lifetime?: number;
  readonly queue?: boolean;
}

const DEFAULT_BAUD = 115200;

const file = (readSettingsFile() || {}) as SettingsFile;
Serial1.setup(file.baud === undefined ? DEFAULT_BAUD : file.baud);
const settings = {
  endpoint: file.endpoint,
  // There is one peer on the line, whatever it is called.
  server: "coap://gateway",
  lifetime: file.lifetime,
  queue: file.queue,
};
startDevice(settings, FEATURES, [], function () {}, serialDatagrams(Serial1));
