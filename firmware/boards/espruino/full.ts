/**
 * A device with the interfaces of LwM2M 1.1 whole, for boards of 8,000 variables: all operations, composite ones among them, all formats
 * and attributes of that version, blocks, access control, stored notifications and Send. What it leaves to larger boards is in
 * docs/decisions/0031-full-agent-on-espruino.md.
 *
 * Objects 1, 2, 3, 19, whose instances servers make, and 3303 where the chip measures it. With `"report": 60` in `dormouse.json` it sends
 * what it measures every 60 s, once the server has set /1/0/23 to false.
 */
import { BlockWiseEndpoint } from "../../../protocol/coap/block-wise-endpoint.ts";
import { CBOR_CODEC } from "../../../protocol/content/cbor.ts";
import { OPAQUE_CODEC } from "../../../protocol/content/opaque.ts";
import { SENML_CBOR_CODEC } from "../../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../../protocol/content/senml-json.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { ACCESS_RULES } from "../../agent/management/access-control.ts";
import { COMPOSITES, withCompositeAttributes } from "../../agent/management/composites.ts";
import { instanceOperations } from "../../agent/management/instance-operations.ts";
import { MANAGEMENT_RULES } from "../../agent/management/management-rules.ts";
import { REPORTING_ATTRIBUTES } from "../../agent/reporting/reporting-attributes.ts";
import { ReportingAgent } from "../../agent/reporting-agent.ts";
import { accessControlObject } from "../../objects/access-control.ts";
import { binaryAppDataObject } from "../../objects/binary-app-data.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../objects/sensor.ts";
import { ESPRUINO_CLOCK } from "./clock.ts";
import type { DeviceSettings } from "./device.ts";
import { startDevice } from "./device.ts";
import { readSettings } from "./settings.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";

/** What `dormouse.json` has beside the rest. */
interface FullSettings extends DeviceSettings {
  /** Seconds between two Sends; absent: none. */
  readonly report?: number;
}

const FEATURES: AgentFeatures = {
  codecs: [OPAQUE_CODEC, TEXT_CODEC, TLV_CODEC, CBOR_CODEC, SENML_JSON_CODEC, SENML_CBOR_CODEC],
  endpoint: function (settings) {
    return new BlockWiseEndpoint(settings);
  },
  operations: [instanceOperations],
  attributes: withCompositeAttributes(REPORTING_ATTRIBUTES),
  otherPaths: COMPOSITES,
  management: MANAGEMENT_RULES,
  access: ACCESS_RULES,
};

const FREE_MEMORY = "/3/0/10";
const TEMPERATURE_VALUE = "/3303/0/5700";

function start(settings: FullSettings): void {
  const objects: LwM2mObject[] = [accessControlObject(), binaryAppDataObject()];
  const reported = [FREE_MEMORY];
  const measure = E.getTemperature;
  const temperature = measure === undefined ? undefined : sensorObject(TEMPERATURE);
  if (measure !== undefined && temperature !== undefined) {
    addSensor(temperature, 0, measure(), "Cel");
    objects.push(temperature);
    reported.push(TEMPERATURE_VALUE);
  }
  function refresh(): void {
    if (measure !== undefined && temperature !== undefined) {
      temperature.set(0, SENSOR_VALUE, measure());
    }
  }
  const agent = startDevice(
    settings,
    FEATURES,
    objects,
    refresh,
    ESPRUINO_DATAGRAMS,
    ReportingAgent,
  ) as ReportingAgent;
  const seconds = settings["report"];
  if (seconds === undefined) return;
  setInterval(function () {
    agent.send(ESPRUINO_CLOCK.now(), reported);
    // The loop does not know that there is something to transmit.
    agent.wake();
  }, seconds * 1000);
}

const settings = readSettings();
if (settings !== undefined) start(settings);
