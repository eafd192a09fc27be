/** A relay (3306) on pin D5 that a server switches. After a power cut it is off. */
import { ESPRUINO_DATAGRAMS, readSettings, startDevice } from "dormouse-lwm2m/boards/espruino";
import { BOARD_FEATURES, LwM2mObject } from "dormouse-lwm2m/firmware";
import { ACTUATION, ON_OFF } from "dormouse-lwm2m/protocol";

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
