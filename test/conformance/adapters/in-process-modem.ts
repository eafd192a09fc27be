/**
 * The cellular modem of the in-process client, as far as its objects show: connection profiles (11) that are switched on and off, the
 * network's own object (10), which names those that are on, and the choice of the bearer (13), which changes the device's address.
 */
import { LwM2mObject } from "../../../firmware/objects/lwm2m-object.ts";
import type { ObjectDefinition } from "../../../protocol/model/object-definition.ts";
import { ACTIVATED_PROFILES, APN_PROFILE, BEARER_SELECTION, CELLULAR } from "../cellular.ts";

const ENABLE_STATUS = 3;

/** The objects of one modem, which know each other. */
export class Modem {
  private cellular: LwM2mObject | undefined;
  private readonly readdress: () => void;

  /** @param readdress is called when the bearer changes: the device has another address */
  constructor(readdress: () => void) {
    this.readdress = readdress;
  }

  /** The object of this definition; undefined when it is none of a modem's. */
  object(definition: ObjectDefinition): LwM2mObject | undefined {
    const object = new LwM2mObject(definition);
    if (definition.id === CELLULAR.id) this.cellular = object;
    else if (definition.id === APN_PROFILE.id) {
      object.onWrite = (_, instanceId, resourceId) => {
        if (resourceId === ENABLE_STATUS) this.showActivated(object, instanceId);
      };
    } else if (definition.id === BEARER_SELECTION.id) {
      // A server may create its one instance.
      object.isFixed = false;
      object.onWrite = () => this.readdress();
      object.onCreate = () => {
        this.readdress();
        return undefined;
      };
    } else return undefined;
    return object;
  }

  private showActivated(profiles: LwM2mObject, instanceId: number): void {
    const isOn = profiles.instances.get(instanceId)?.get(ENABLE_STATUS) === true;
    const link = { objectId: APN_PROFILE.id, objectInstanceId: instanceId };
    if (isOn) this.cellular?.setOne(0, ACTIVATED_PROFILES, instanceId, link);
  }
}
