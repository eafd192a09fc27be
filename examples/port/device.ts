/** A device on the board of port.ts: objects 1 and 3, in text and TLV. */
import { BasicAgent } from "../../firmware/agent/basic-agent.ts";
import { deviceConfiguration } from "../../firmware/agent/device-configuration.ts";
import type { AgentFeatures } from "../../firmware/agent/features.ts";
import { run } from "../../firmware/loop.ts";
import { deviceObject } from "../../firmware/objects/device.ts";
import { BasicEndpoint } from "../../protocol/coap/basic-endpoint.ts";
import { TEXT_CODEC } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import { DEVICE_MANUFACTURER } from "../../protocol/model/objects/device.ts";
import { BOARD } from "./port.ts";

declare const SERVER: string;

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: (settings) => new BasicEndpoint(settings),
};
const settings = { endpoint: "ported", server: SERVER, lifetime: 600 };
const device = deviceObject(BOARD.calendar, BOARD.power, {
  [DEVICE_MANUFACTURER]: "Ported in an afternoon",
});

const configuration = deviceConfiguration(settings, [device], "0001", BOARD.random);
const agent = new BasicAgent(configuration, FEATURES);
agent.addServer({ shortServerId: 1, uri: settings.server });
run(agent, BOARD, (event) => nativeLog(event.kind));
