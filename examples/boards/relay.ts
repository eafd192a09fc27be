/** A relay (3306) on pin D5 that a server switches. After a power cut it is off. */
import { BOARD_FEATURES } from "../../firmware/agent/board-features.ts";
import { startDevice } from "../../firmware/boards/espruino/device.ts";
import { readSettings } from "../../firmware/boards/espruino/settings.ts";
import { ESPRUINO_DATAGRAMS } from "../../firmware/boards/espruino/udp.ts";
import { LwM2mObject } from "../../firmware/objects/lwm2m-object.ts";
import { ACTUATION } from "../../protocol/model/objects/actuation.ts";
import { ON_OFF } from "../../protocol/model/objects/ipso-resources.ts";

declare const D5: Pin;

const relay = new LwM2mObject(ACTUATION);
relay.isFixed = true;
relay.create(0, { [ON_OFF]: false });
digitalWrite(D5, false);
relay.onWrite = (object, instanceId, resourceId) => {
  if (resourceId === ON_OFF) digitalWrite(D5, object.get(instanceId, ON_OFF) === true);
};

const settings = readSettings();
if (settings !== undefined) {
  startDevice(settings, BOARD_FEATURES, [relay], () => {}, ESPRUINO_DATAGRAMS);
}
