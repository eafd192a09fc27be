/**
 * What a bootstrap server has written so far, and not yet in force: twins of the objects that it touched, and the steps that led
 * there. At Finish the same steps are taken on the agent's own objects; after a failure they are forgotten, and the device is as it
 * was (LwM2M Core 1.2.2 §6.1.3.3: until then the former account stays active).
 *
 * Meanwhile the application and the servers go on with the objects as they are.
 */
import { DELETED } from "../../../protocol/coap/codes.ts";
import type { ContentCodec } from "../../../protocol/content/content-codec.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../protocol/model/object-definition.ts";
import { ACCESS_CONTROL } from "../../../protocol/model/objects/access-control.ts";
import { ACCESS_CONTROL_1_1 } from "../../../protocol/model/objects/access-control-1-1.ts";
import { COSE } from "../../../protocol/model/objects/cose.ts";
import { MQTT_SERVER } from "../../../protocol/model/objects/mqtt-server.ts";
import { OSCORE } from "../../../protocol/model/objects/oscore.ts";
import { OSCORE_1_0 } from "../../../protocol/model/objects/oscore-1-0.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { accessControlObject } from "../../objects/access-control.ts";
import { IdTable, LwM2mObject, twinOf } from "../../objects/lwm2m-object.ts";
import type { Agent } from "../agent.ts";
import { forgetServer } from "./account-removal.ts";
import {
  ACCESS_CONTROL_OBJECT,
  bootstrapAccount,
  COSE_OBJECT,
  MQTT_SERVER_OBJECT,
  NO_INSTANCE,
  OSCORE_OBJECT,
  SECURITY_OBJECT,
} from "./accounts.ts";
import type { ObjectTarget } from "./bootstrap-changes.ts";
import { deleteAt, writeAt } from "./bootstrap-changes.ts";

/** What a step does. */
export const WRITE_STEP = 0;
/** With what belongs to the accounts that it removes. */
export const DELETE_STEP = 1;
/** Without: a pack's, since what it holds comes next, and LwM2M 1.0's. */
export const DELETE_ALONE_STEP = 2;
/** Removes what a server without an account has left behind. */
export const FORGET_STEP = 3;

export interface Step {
  readonly kind: number;
  /** Of what is written or deleted; for FORGET_STEP the Short Server ID. */
  readonly path: Path;
  readonly entries: readonly Entry[];
}

export const NO_ENTRIES: readonly Entry[] = [];

/** Writes and Deletes in one bootstrap; a server that needs more is refused. */
export const MAX_STEPS = 256;
/** Of what is written in one bootstrap, bytes; values stay until they are in force. */
const MAX_BYTES = 65536;

export class Preparation implements ObjectTarget {
  readonly agent: Agent;
  /** As the agent's: what payloads may be in. */
  readonly codecs: readonly ContentCodec[];
  /** The instance of object 0 that this bootstrap server's own account is. */
  readonly ownAccount: number;
  /** What kept it from being put in force. */
  error: unknown = undefined;
  private readonly twins: IdTable<LwM2mObject> = new IdTable();
  private steps: readonly Step[] = [];
  private bytes = 0;

  constructor(agent: Agent, ownAccount: number) {
    this.agent = agent;
    this.codecs = agent.bootstrapCodecs();
    this.ownAccount = ownAccount;
  }

  version(): string | undefined {
    return this.agent.version();
  }

  /** As it would be, to look at. */
  object(objectId: number): LwM2mObject | undefined {
    const twin = this.twins.get(objectId);
    return twin === undefined ? this.agent.object(objectId) : twin;
  }

  /** Ids of all objects, ascending. */
  objectIds(): readonly number[] {
    const all = idsOfObjects(this.agent);
    for (let i = 0; i < this.twins.ids.length; i++) all.put(this.twins.ids[i], true);
    return all.ids;
  }

  /** What an object is defined as, though it may not be there yet; undefined for one that the device cannot have. */
  definitionOf(objectId: number): ObjectDefinition | undefined {
    const object = this.object(objectId);
    return object === undefined
      ? definitionToCome(objectId, this.agent.version())
      : object.definition;
  }

  /** As it would be, to change. */
  toChange(objectId: number): LwM2mObject | undefined {
    let twin = this.twins.get(objectId);
    if (twin !== undefined) return twin;
    const object = this.agent.object(objectId);
    if (object === undefined) {
      twin = objectToCome(objectId, this.agent.version());
      if (twin === undefined) return undefined;
    } else {
      twin = twinOf(object);
      // Nothing has happened yet.
      twin.onWrite = undefined;
      twin.onChange = undefined;
    }
    this.twins.put(objectId, twin);
    return twin;
  }

  /** Takes a step; its response code. One that is refused changes nothing. @param length of its payload, bytes */
  take(step: Step, length = 0): number {
    const code = takeStep(this, step);
    if (code >> 5 === 2) {
      this.steps = this.steps.concat(step);
      this.bytes += length;
    }
    return code;
  }

  /** True when there is no room for one more step with a payload of so many bytes. */
  isFull(length: number): boolean {
    return this.steps.length >= MAX_STEPS || this.bytes + length > MAX_BYTES;
  }

  /** The account of a bootstrap server that replaces the one in force, or NO_INSTANCE: of two only one stays (§6.1.3.3). */
  successor(): number {
    return bootstrapAccount(this, this.ownAccount);
  }

  /** Does all of it to the agent's own objects. False when a hook of the application threw (`error`): they are then as they were. */
  commit(): boolean {
    const twins = this.twins.ids;
    const agent = this.agent;
    const former: (LwM2mObject | undefined)[] = [];
    for (let i = 0; i < twins.length; i++) {
      const object = agent.object(twins[i]);
      former.push(object === undefined ? undefined : twinOf(object));
    }
    const target = new Enforcement(agent, this.ownAccount);
    try {
      for (let i = 0; i < this.steps.length; i++) takeStep(target, this.steps[i]);
      if (this.successor() !== NO_INSTANCE) {
        deleteAt(target, [SECURITY_OBJECT, this.ownAccount], true, NO_INSTANCE);
      }
    } catch (error) {
      for (let i = 0; i < twins.length; i++) restore(agent, twins[i], former[i]);
      this.error = error;
      return false;
    }
    return true;
  }
}

/** An agent's own objects as what steps are taken on. */
class Enforcement implements ObjectTarget {
  readonly agent: Agent;
  readonly ownAccount: number;

  constructor(agent: Agent, ownAccount: number) {
    this.agent = agent;
    this.ownAccount = ownAccount;
  }

  version(): string | undefined {
    return this.agent.version();
  }

  object(objectId: number): LwM2mObject | undefined {
    return this.agent.object(objectId);
  }

  objectIds(): readonly number[] {
    return idsOfObjects(this.agent).ids;
  }

  toChange(objectId: number): LwM2mObject | undefined {
    const object = this.agent.object(objectId);
    if (object !== undefined) return object;
    const made = objectToCome(objectId, this.agent.version());
    if (made !== undefined) this.agent.addObject(made);
    return made;
  }
}

function idsOfObjects(agent: Agent): IdTable<boolean> {
  const all: IdTable<boolean> = new IdTable();
  for (let i = 0; i < agent.objects.length; i++) all.put(agent.objects[i].definition.id, true);
  return all;
}

function takeStep(target: Preparation | Enforcement, step: Step): number {
  if (step.kind === WRITE_STEP) {
    return writeAt(target, step.path, step.entries, target instanceof Enforcement);
  }
  if (step.kind === FORGET_STEP) {
    forgetServer(target, step.path[0]);
    return DELETED;
  }
  return deleteAt(target, step.path, step.kind === DELETE_STEP, target.ownAccount);
}

function restore(agent: Agent, objectId: number, former: LwM2mObject | undefined): void {
  const object = agent.object(objectId);
  if (object === undefined) return;
  if (former === undefined) agent.removeObject(objectId);
  else {
    object.instances = former.instances;
    agent.handleInstances(object);
  }
}

/** Such an object without instances. Servers can neither create nor delete any. */
function objectToCome(objectId: number, version: string | undefined): LwM2mObject | undefined {
  const definition = definitionToCome(objectId, version);
  if (definition === undefined) return undefined;
  if (objectId === ACCESS_CONTROL_OBJECT) return accessControlObject(definition);
  const object = new LwM2mObject(definition);
  object.isFixed = true;
  return object;
}

/** The objects that come with bootstrap, in the version that goes with LwM2M's (LwM2M Core 1.2.2 Appendix E). */
function definitionToCome(
  objectId: number,
  version: string | undefined,
): ObjectDefinition | undefined {
  const isNewest = version === "1.2";
  switch (objectId) {
    case ACCESS_CONTROL_OBJECT:
      return isNewest ? ACCESS_CONTROL_1_1 : ACCESS_CONTROL;
    case OSCORE_OBJECT:
      if (version === "1.0") return undefined;
      return isNewest ? OSCORE : OSCORE_1_0;
    case COSE_OBJECT:
      return isNewest ? COSE : undefined;
    case MQTT_SERVER_OBJECT:
      return isNewest ? MQTT_SERVER : undefined;
    default:
      return undefined;
  }
}
