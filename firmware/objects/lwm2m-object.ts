/**
 * An LwM2M object on a device: its instances and their values, and what the application adds to the rules (hooks).
 *
 * Values are copied on write: `twinOf` gives a twin that shares every instance until one of the two changes it, so that a fleet of
 * like devices costs little more than what differs. Hooks are plain functions that get the object, and are shared by twins.
 *
 * This file knows no server and no message: reading and writing by path with their answer codes is agent/object-tree.ts.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import {
  EXECUTE,
  isValueOf,
  MANDATORY,
  MULTIPLE,
  NONE,
  TYPE_MASK,
} from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import { resourceFlags } from "../../protocol/model/object-definition.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { misuse } from "./misuse.ts";

const NO_IDS: readonly number[] = [];

/** Items by id, ids ascending. `ids` is replaced rather than changed, so that copies share it. */
export class IdTable<T> {
  ids: readonly number[] = NO_IDS;
  items: T[] = [];
  /** Held by two owners: whoever wants to change it makes a copy first. */
  isShared = false;

  get(id: number): T | undefined {
    const at = this.ids.indexOf(id);
    return at < 0 ? undefined : this.items[at];
  }

  put(id: number, item: T): void {
    let at = this.ids.indexOf(id);
    if (at >= 0) {
      this.items[at] = item;
      return;
    }
    at = this.ids.length;
    while (at > 0 && this.ids[at - 1] > id) at--;
    // Joined rather than spliced: that leaves no room to grow, of which a fleet would have a hundred thousand times too much.
    this.ids = this.ids.slice(0, at).concat(id, this.ids.slice(at));
    this.items = this.items.slice(0, at).concat(item, this.items.slice(at));
  }

  remove(id: number): boolean {
    const at = this.ids.indexOf(id);
    if (at < 0) return false;
    this.ids = this.ids.slice(0, at).concat(this.ids.slice(at + 1));
    this.items.splice(at, 1);
    return true;
  }

  /** This table, or when it is shared a copy that is not. */
  own(): IdTable<T> {
    if (!this.isShared) return this;
    const table = new IdTable<T>();
    table.ids = this.ids;
    table.items = this.items.slice(0);
    return table;
  }
}

/** What a resource holds: one value, or its resource instances. */
export type Held = Value | IdTable<Value>;

/** The resources of one object instance. */
export type Instance = IdTable<Held>;

/** Values by resource id; an array gives resource instances 0, 1, 2. An optional executable is there when given as `true`. */
export interface ResourceValues {
  readonly [resourceId: number]: Value | readonly Value[] | undefined;
}

/** What an object does by itself as time goes by; an agent drives it. One object's own: twins have none until they make it. */
export interface ObjectMachine {
  handleTimeout(now: Milliseconds): void;
  /** At once, 0, when a hook left something to do for which it has no time. */
  deadline(): Milliseconds;
}

/** Takes a package that is too long to be held, as the value of one of its object's resources. */
export interface PackageReceiver {
  /** Counts the packages that have begun. What comes of another than the last is not for this receiver any more. */
  readonly begun: number;
  /** May one be written now? CHANGED, or the code that refuses it. @param resets it is a value that stands for no package */
  mayWrite(resets: boolean): number;
  /** It begins; what had come of another before it was lost. @param length bytes, where they were announced. @returns CHANGED or a refusal */
  beginPackage(length: number | undefined): number;
  /** More of it. Returns 0, or a number that says what is wrong: no more is taken then. */
  appendPackage(bytes: Uint8Array): number;
  /** All of it was written. */
  endPackage(): void;
  /** The rest of it does not come. */
  breakPackage(): void;
}

/** Hears of changes; an agent. */
export interface ObjectListener {
  /** The deadline of the object's machine may have moved, though no value changed. */
  wake(): void;
  /** A value changed, or a resource came or went. */
  handleValue(object: LwM2mObject, instanceId: number, resourceId: number): void;
  /** An instance came or went. */
  handleInstances(object: LwM2mObject): void;
  /** Object 1, with the accounts that there are. */
  readonly servers?: LwM2mObject;
}

export class LwM2mObject {
  /** Of a later version of the object than it began with, where an agent has one. */
  definition: ObjectDefinition;
  instances: IdTable<Instance> = new IdTable();
  /** True when servers can neither create nor delete instances. Until set otherwise: single-instance objects. */
  isFixed: boolean;
  /** Supplies a value that lives elsewhere, at each read; undefined leaves it to the stored one. */
  onRead:
    | ((object: LwM2mObject, instanceId: number, resourceId: number) => Value | undefined)
    | undefined = undefined;
  /**
   * May a server write this value? Called for all values of a Write before any is stored; false refuses them all with 4.00, a response
   * code with that code.
   */
  onCheck:
    | ((
        object: LwM2mObject,
        instanceId: number,
        resourceId: number,
        value: Value,
      ) => boolean | number)
    | undefined = undefined;
  /** A server wrote this resource; its new value is stored. */
  onWrite: ((object: LwM2mObject, instanceId: number, resourceId: number) => void) | undefined =
    undefined;
  /** A server executes this resource. `text` holds its arguments, well-formed, such as `0='a',1`. A response code refuses it; undefined is 2.04. */
  onExecute:
    | ((
        object: LwM2mObject,
        instanceId: number,
        resourceId: number,
        text: string,
      ) => number | undefined)
    | undefined = undefined;
  /** A server has made this instance, whose values are in place; a response code takes it away again and refuses the Create. */
  declare onCreate: ((object: LwM2mObject, instanceId: number) => number | undefined) | undefined;
  /** A server wants to delete this instance. A response code refuses. */
  declare onDelete: ((object: LwM2mObject, instanceId: number) => number | undefined) | undefined;
  /** How many instances servers may bring an object to; undefined for 256. */
  declare mostInstances: number | undefined;
  /** Any value changed, whoever did it; before observers hear of it. */
  onChange: ((object: LwM2mObject, instanceId: number, resourceId: number) => void) | undefined =
    undefined;
  /** Most objects have none, and then not even the field: a fleet has hundreds of thousands of objects. */
  declare machine?: ObjectMachine;
  /** Where packages written to this object go piece by piece; only objects that take some have the field. */
  declare packages?: (object: LwM2mObject, instanceId: number) => PackageReceiver;
  /** Set by the agent that has this object. */
  listener: ObjectListener | undefined = undefined;

  constructor(definition: ObjectDefinition) {
    this.definition = definition;
    this.isFixed = !definition.multiple;
  }

  /**
   * Makes an object instance. Its mandatory executables are there by themselves. Throws `object/instance-exists`.
   *
   * @param values or the instance itself, which other objects may share
   */
  create(instanceId: number, values: ResourceValues | Instance): void {
    if (this.instances.get(instanceId) !== undefined) {
      throw misuse("object/instance-exists", `/${this.definition.id}/${instanceId}`);
    }
    this.instances = this.instances.own();
    this.instances.put(instanceId, values instanceof IdTable ? values : this.instanceOf(values));
    if (this.listener !== undefined) this.listener.handleInstances(this);
  }

  private instanceOf(values: ResourceValues): Instance {
    const resources = this.definition.resources;
    const instance: Instance = new IdTable();
    for (let i = 0; i < resources.length; i += 2) {
      const flags = resources[i + 1];
      const value = values[resources[i]];
      if (value !== undefined) instance.put(resources[i], this.held(resources[i], value));
      else if ((flags & EXECUTE) !== 0 && (flags & MANDATORY) !== 0)
        instance.put(resources[i], true);
    }
    return instance;
  }

  /** Removes an object instance; false when there is none. */
  remove(instanceId: number): boolean {
    this.instances = this.instances.own();
    const removed = this.instances.remove(instanceId);
    if (removed && this.listener !== undefined) this.listener.handleInstances(this);
    return removed;
  }

  /** A stored value; of a multiple resource that of one resource instance. Undefined when there is none. */
  get(instanceId: number, resourceId: number, resourceInstanceId?: number): Value | undefined {
    const instance = this.instances.get(instanceId);
    const held = instance === undefined ? undefined : instance.get(resourceId);
    if (!(held instanceof IdTable)) return held;
    return held.get(resourceInstanceId === undefined ? 0 : resourceInstanceId);
  }

  /**
   * Stores a value; for a multiple resource all its instances: as an array, or as a table, the object's from then on. Observers
   * hear of a change as their attributes say. Throws `object/instance-unknown`, `object/resource-unknown`, `object/value-wrong`.
   */
  set(instanceId: number, resourceId: number, value: Held | readonly Value[]): void {
    this.store(instanceId, resourceId, this.held(resourceId, value));
  }

  /** Stores one instance of a multiple resource; undefined removes it. Throws as `set`. */
  setOne(
    instanceId: number,
    resourceId: number,
    resourceInstanceId: number,
    value: Value | undefined,
  ): void {
    const instance = this.instances.get(instanceId);
    const current = instance === undefined ? undefined : instance.get(resourceId);
    let table: IdTable<Value> = new IdTable();
    if (current instanceof IdTable) {
      // Never changed in place: twins may hold it too.
      current.isShared = true;
      table = current.own();
    }
    if (value === undefined) table.remove(resourceInstanceId);
    else table.put(resourceInstanceId, value);
    this.set(instanceId, resourceId, table);
  }

  /** Removes a resource. */
  unset(instanceId: number, resourceId: number): void {
    this.store(instanceId, resourceId, undefined);
  }

  /** Tells observers that a value supplied by `onRead` changed. */
  changed(instanceId: number, resourceId: number): void {
    if (this.onChange !== undefined) this.onChange(this, instanceId, resourceId);
    if (this.listener !== undefined) this.listener.handleValue(this, instanceId, resourceId);
  }

  private store(instanceId: number, resourceId: number, held: Held | undefined): void {
    const current = this.instances.get(instanceId);
    if (current === undefined)
      throw misuse("object/instance-unknown", `/${this.definition.id}/${instanceId}`);
    if (held === current.get(resourceId)) return;
    let instance = current;
    if (current.isShared) {
      instance = current.own();
      this.instances = this.instances.own();
      this.instances.put(instanceId, instance);
    }
    if (held === undefined) instance.remove(resourceId);
    else instance.put(resourceId, held);
    this.changed(instanceId, resourceId);
  }

  /** Checks a value against the definition. */
  private held(resourceId: number, value: Held | readonly Value[]): Held {
    const flags = resourceFlags(this.definition, resourceId);
    if (flags === 0)
      throw misuse("object/resource-unknown", `/${this.definition.id}/*/${resourceId}`);
    const type = flags & TYPE_MASK;
    let table: IdTable<Value> | undefined;
    let isFit = type === NONE;
    if ((flags & MULTIPLE) === 0) isFit = isFit || isValueOf(type, value);
    else {
      table = value instanceof IdTable ? value : tableOf(value);
      isFit = table !== undefined;
      for (let i = 0; table !== undefined && i < table.items.length; i++) {
        isFit = isFit && isValueOf(type, table.items[i]);
      }
    }
    if (!isFit) throw misuse("object/value-wrong", `/${this.definition.id}/*/${resourceId}`);
    return table === undefined ? (value as Value) : table;
  }
}

/** A twin with the same instances and hooks, which costs what it changes. */
export function twinOf(object: LwM2mObject): LwM2mObject {
  const twin = new LwM2mObject(object.definition);
  object.instances.isShared = true;
  for (let i = 0; i < object.instances.items.length; i++) object.instances.items[i].isShared = true;
  twin.instances = object.instances;
  twin.isFixed = object.isFixed;
  twin.onRead = object.onRead;
  twin.onCheck = object.onCheck;
  twin.onWrite = object.onWrite;
  twin.onExecute = object.onExecute;
  // Rare, and a fleet has a hundred thousand twins.
  if (object.onCreate !== undefined) twin.onCreate = object.onCreate;
  if (object.onDelete !== undefined) twin.onDelete = object.onDelete;
  if (object.mostInstances !== undefined) twin.mostInstances = object.mostInstances;
  twin.onChange = object.onChange;
  if (object.packages !== undefined) twin.packages = object.packages;
  return twin;
}

/** Resource instances 0, 1, 2 of an array; undefined for anything else. */
function tableOf(values: unknown): IdTable<Value> | undefined {
  if (!Array.isArray(values)) return undefined;
  const table = new IdTable<Value>();
  for (let i = 0; i < values.length; i++) table.put(i, values[i] as Value);
  return table;
}
