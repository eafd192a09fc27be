/**
 * What one request changes: all of it stays when the request succeeds, none when it does not, be it that a hook of the application
 * throws when half is written (LwM2M Core 1.2.2 §6.3.3, §6.3.6, §6.3.9). Until then nobody hears of it.
 *
 * An object is remembered before it is changed. That costs no copy: instances are copied when they are written to, since from then on
 * they have two owners. What hooks do elsewhere, to hardware or to other objects, is not undone.
 */
import type { IdTable, Instance, LwM2mObject } from "../../objects/lwm2m-object.ts";

/** What an agent hears of its objects. */
export interface ChangeListener {
  handleValue(object: LwM2mObject, instanceId: number, resourceId: number): void;
  handleInstances(object: LwM2mObject): void;
  handleAccount(instanceId: number, resourceId: number): void;
  readonly servers: LwM2mObject;
}

interface Remembered {
  readonly object: LwM2mObject;
  readonly instances: IdTable<Instance>;
}

interface Told {
  readonly object: LwM2mObject;
  /** Undefined: instances came or went. */
  readonly instanceId: number | undefined;
  readonly resourceId: number;
  /** True for what the account of a server has to hear. */
  readonly isAccount: boolean;
}

export class Changes {
  private readonly remembered: Remembered[] = [];
  private readonly told: Told[] = [];

  remember(object: LwM2mObject): void {
    if (this.hasRemembered(object)) return;
    const instances = object.instances;
    instances.isShared = true;
    for (let i = 0; i < instances.items.length; i++) instances.items[i].isShared = true;
    this.remembered.push({ object: object, instances: instances });
  }

  handleValue(object: LwM2mObject, instanceId: number, resourceId: number): void {
    this.told.push({ object, instanceId, resourceId, isAccount: false });
  }

  handleInstances(object: LwM2mObject): void {
    this.told.push({ object, instanceId: undefined, resourceId: 0, isAccount: false });
  }

  handleAccount(servers: LwM2mObject, instanceId: number, resourceId: number): void {
    this.told.push({ object: servers, instanceId, resourceId, isAccount: true });
  }

  /** The request is answered. @param isKept false: what was remembered is as it was */
  end(listener: ChangeListener, isKept: boolean): void {
    for (let i = 0; i < this.remembered.length && !isKept; i++) {
      this.remembered[i].object.instances = this.remembered[i].instances;
    }
    for (let i = 0; i < this.told.length; i++) {
      const { object, instanceId, resourceId, isAccount } = this.told[i];
      if (!isKept && this.hasRemembered(object)) continue;
      if (instanceId === undefined) listener.handleInstances(object);
      else if (isAccount) listener.handleAccount(instanceId, resourceId);
      else listener.handleValue(object, instanceId, resourceId);
    }
  }

  private hasRemembered(object: LwM2mObject): boolean {
    for (let i = 0; i < this.remembered.length; i++) {
      if (this.remembered[i].object === object) return true;
    }
    return false;
  }
}
