/**
 * The test objects of LwM2M 1.0 (3441) and 1.1 (3442): a resource of every data type, and executables that set them all. Demo clients
 * of other implementations have them too, so that servers are tried with them.
 */
import { BAD_REQUEST, NOT_IMPLEMENTED } from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import { parseArguments } from "../../protocol/lwm2m/execute-arguments.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { ObjectLink, Value } from "../../protocol/model/data-types.ts";
import {
  BOOLEAN,
  CORELNK,
  EXECUTE,
  FLOAT,
  INTEGER,
  MAX_SAFE,
  MULTIPLE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  TYPE_MASK,
  UNSIGNED,
} from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import {
  TEST_ARGUMENTS_LIST,
  TEST_CLEAR_VALUES,
  TEST_EXECUTE_WITH_ARGUMENTS,
  TEST_RANDOMIZE_VALUES,
  TEST_RESET_VALUES,
  TEST_RESOURCES_TO_SEND,
  TEST_SEND_DATA,
} from "../../protocol/model/objects/test-resources.ts";
import type { Random } from "../../protocol/ports.ts";
import type { ResourceValues } from "./lwm2m-object.ts";
import { IdTable, LwM2mObject } from "./lwm2m-object.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
/** Random texts and byte strings are shorter, random resources have fewer instances. */
const LONGEST = 20;
const MOST_INSTANCES = 10;
/** 2000-01-01 UTC. */
const MILLENNIUM = 946684800;
const DECADE = 315576000;
const IDS = 65535;
const NO_LINK: ObjectLink = { objectId: IDS, objectInstanceId: IDS };

/**
 * A test object with instance 0.
 *
 * @param definition TEST_OBJECT_1_0 or TEST_OBJECT_1_1
 * @param send what /3442/x/5 does with the paths of /3442/x/6; a response code refuses it. Absent: 5.01
 */
export function testObject(
  definition: ObjectDefinition,
  random: Random,
  send?: (paths: readonly string[]) => number | undefined,
): LwM2mObject {
  const object = new LwM2mObject(definition);
  object.create(0, initialValues(definition));
  object.onExecute = function (own, instanceId, resourceId, text) {
    switch (resourceId) {
      case TEST_RESET_VALUES:
        return setAll(own, instanceId, initialValue);
      case TEST_RANDOMIZE_VALUES:
        return setAll(own, instanceId, function (type, isMultiple) {
          return randomValue(random, type, isMultiple);
        });
      case TEST_CLEAR_VALUES:
        return setAll(own, instanceId, clearValue);
      case TEST_EXECUTE_WITH_ARGUMENTS:
        return storeArguments(own, instanceId, text);
      case TEST_SEND_DATA:
        return send === undefined ? NOT_IMPLEMENTED : send(pathsToSend(own, instanceId));
      default:
        return NOT_IMPLEMENTED;
    }
  };
  return object;
}

type Supply = (type: number, isMultiple: boolean) => Value | readonly Value[];

function initialValues(definition: ObjectDefinition): ResourceValues {
  const values: { [resourceId: number]: ResourceValues[number] } = {};
  const { resources } = definition;
  for (let i = 0; i < resources.length; i += 2) {
    const flags = resources[i + 1];
    const isTested = isValueResource(resources[i], flags);
    if (isTested) values[resources[i]] = initialValue(flags & TYPE_MASK, (flags & MULTIPLE) !== 0);
    else values[resources[i]] = (flags & EXECUTE) !== 0 ? true : [];
  }
  return values;
}

/** False for the executables and for what belongs to them. */
function isValueResource(resourceId: number, flags: number): boolean {
  const isTheirs = resourceId === TEST_ARGUMENTS_LIST || resourceId === TEST_RESOURCES_TO_SEND;
  return (flags & EXECUTE) === 0 && !isTheirs;
}

function setAll(object: LwM2mObject, instanceId: number, supply: Supply): undefined {
  const { resources } = object.definition;
  for (let i = 0; i < resources.length; i += 2) {
    const flags = resources[i + 1];
    if (!isValueResource(resources[i], flags)) continue;
    object.set(instanceId, resources[i], supply(flags & TYPE_MASK, (flags & MULTIPLE) !== 0));
  }
}

function initialValue(type: number, isMultiple: boolean): Value | readonly Value[] {
  const value = initialSingle(type);
  return isMultiple ? [value] : value;
}

function initialSingle(type: number): Value {
  switch (type) {
    case INTEGER:
      return 1024;
    case UNSIGNED:
      // 2^63, which only an unsigned integer has.
      return new Uint8Array([128, 0, 0, 0, 0, 0, 0, 0]);
    case FLOAT:
      return 2.71875;
    case BOOLEAN:
      return true;
    case OPAQUE:
      return new Uint8Array([1, 35, 69, 103, 137, 171, 205, 239]);
    case TIME:
      return MILLENNIUM;
    case OBJLNK:
      return { objectId: 3, objectInstanceId: 0 };
    case CORELNK:
      return "</3442>";
    default:
      return "initial value";
  }
}

function clearValue(type: number, isMultiple: boolean): Value | readonly Value[] {
  if (isMultiple) return [];
  if (type === BOOLEAN) return false;
  if (type === OPAQUE) return NO_BYTES;
  if (type === OBJLNK) return NO_LINK;
  return type === STRING || type === CORELNK ? "" : 0;
}

function randomValue(random: Random, type: number, isMultiple: boolean): Value | readonly Value[] {
  if (!isMultiple) return randomSingle(random, type);
  const values: Value[] = [];
  for (let i = below(random, MOST_INSTANCES); i > 0; i--) values.push(randomSingle(random, type));
  return values;
}

function randomSingle(random: Random, type: number): Value {
  switch (type) {
    case INTEGER:
    case UNSIGNED: {
      const value = below(random, 2097152) * 4294967296 + random.uint32();
      return type === INTEGER && below(random, 2) === 1 ? -Math.min(value, MAX_SAFE) : value;
    }
    case FLOAT:
      return random.uint32() / 4294967296;
    case BOOLEAN:
      return below(random, 2) === 1;
    case OPAQUE:
      return randomBytes(random);
    case TIME:
      return MILLENNIUM + below(random, 3 * DECADE);
    case OBJLNK:
      return { objectId: below(random, IDS), objectInstanceId: below(random, IDS) };
    case CORELNK:
      return `</${below(random, IDS)}/${below(random, IDS)}>`;
    default:
      return randomText(random);
  }
}

function randomText(random: Random): string {
  let text = "";
  for (let i = below(random, LONGEST); i > 0; i--)
    text += LETTERS.charAt(below(random, LETTERS.length));
  return text;
}

function randomBytes(random: Random): Uint8Array {
  const bytes = new Uint8Array(below(random, LONGEST));
  for (let i = 0; i < bytes.length; i++) bytes[i] = below(random, 256);
  return bytes;
}

function below(random: Random, limit: number): number {
  return random.uint32() % limit;
}

/** The digits become resource instances. */
function storeArguments(object: LwM2mObject, instanceId: number, text: string): number | undefined {
  const list = parseArguments(text);
  if (isMalformed(list)) return BAD_REQUEST;
  const table: IdTable<Value> = new IdTable();
  for (let i = 0; i < list.length; i++) {
    const { digit, value } = list[i];
    table.put(digit, value === undefined ? "" : value);
  }
  object.set(instanceId, TEST_ARGUMENTS_LIST, table);
  return undefined;
}

function pathsToSend(object: LwM2mObject, instanceId: number): string[] {
  const instance = object.instances.get(instanceId);
  const held = instance === undefined ? undefined : instance.get(TEST_RESOURCES_TO_SEND);
  const paths: string[] = [];
  for (let i = 0; held instanceof IdTable && i < held.items.length; i++) {
    paths.push(held.items[i] as string);
  }
  return paths;
}
