/** The objects that `dormouse device --object` adds: each with one instance, and with the behaviour that it has in firmware/objects. */
import { join } from "node:path";
import { blankValues } from "../firmware/agent/management/object-tree.ts";
import { NODE_CLOCK, NodeCalendar } from "../firmware/boards/node/clock.ts";
import { NODE_RANDOM } from "../firmware/boards/node/entropy.ts";
import type { NodePackageOptions, SignedOnly } from "../firmware/boards/node/firmware.ts";
import { nodeFirmware, nodePackagePorts } from "../firmware/boards/node/firmware.ts";
import { addContainer, binaryAppDataObject } from "../firmware/objects/binary-app-data.ts";
import { connectivityStatisticsObject } from "../firmware/objects/connectivity-statistics.ts";
import { addDigitalInput, digitalInputObject } from "../firmware/objects/digital-input.ts";
import { EventLog, eventLogObject } from "../firmware/objects/event-log.ts";
import { ipsoObject } from "../firmware/objects/ipso.ts";
import { locationObject } from "../firmware/objects/location.ts";
import { LwM2mObject, type ResourceValues } from "../firmware/objects/lwm2m-object.ts";
import { addPortfolio, portfolioObject } from "../firmware/objects/portfolio.ts";
import { addSensor, sensorObject } from "../firmware/objects/sensor.ts";
import { addSoftware, softwareManagementObject } from "../firmware/objects/software-management.ts";
import { testObject } from "../firmware/objects/test-object.ts";
import { addTimer, TIMER_ONE_SHOT, timerObject } from "../firmware/objects/timer.ts";
import { EXECUTE, FLOAT, TYPE_MASK } from "../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../protocol/model/object-definition.ts";
import { resourceFlags } from "../protocol/model/object-definition.ts";
import { BINARY_APP_DATA_CONTAINER } from "../protocol/model/objects/binary-app-data.ts";
import { CONNECTIVITY_STATISTICS } from "../protocol/model/objects/connectivity-statistics.ts";
import { DIGITAL_INPUT } from "../protocol/model/objects/digital-input.ts";
import { EVENT_LOG } from "../protocol/model/objects/event-log.ts";
import { FIRMWARE_UPDATE } from "../protocol/model/objects/firmware-update.ts";
import {
  DIGITAL_INPUT_COUNTER,
  DIGITAL_INPUT_COUNTER_RESET,
  OFF_TIME,
  ON_TIME,
  RESET_MIN_MAX,
  SENSOR_VALUE,
} from "../protocol/model/objects/ipso-resources.ts";
import { LOCATION } from "../protocol/model/objects/location.ts";
import { PORTFOLIO } from "../protocol/model/objects/portfolio.ts";
import { SOFTWARE_MANAGEMENT } from "../protocol/model/objects/software-management.ts";
import { TEMPERATURE } from "../protocol/model/objects/temperature.ts";
import { TEST_OBJECT_1_0 } from "../protocol/model/objects/test-object-1-0.ts";
import { TEST_OBJECT_1_1 } from "../protocol/model/objects/test-object-1-1.ts";
import { TIMER } from "../protocol/model/objects/timer.ts";

export interface SampleOptions {
  /** Where packages of firmware and software are staged. */
  readonly folder: string;
  /** What a sensor without hardware measures. */
  readonly measured: number;
  /** Whose packages are taken; undefined: everybody's. */
  readonly signed?: SignedOnly | undefined;
  /** One line for people. */
  readonly say: (line: string) => void;
}

const IPSO_FIRST = 3200;
const IPSO_LAST = 3348;
const TIMER_SECONDS = 10;

/** What an instance of IPSO's needs to do what its object can. */
const IMPLIED = [DIGITAL_INPUT_COUNTER, DIGITAL_INPUT_COUNTER_RESET, ON_TIME, OFF_TIME];

/** One instance with what is mandatory, and the behaviour that goes with the object. */
export function sampleObject(definition: ObjectDefinition, options: SampleOptions): LwM2mObject {
  switch (definition.id) {
    case FIRMWARE_UPDATE.id:
      return firmware(definition, options);
    case SOFTWARE_MANAGEMENT.id:
      return software(options);
    case LOCATION.id:
      return locationObject({ latitude: 0, longitude: 0, time: Date.now() / 1000 });
    case CONNECTIVITY_STATISTICS.id:
      return connectivityStatisticsObject();
    case TEST_OBJECT_1_0.id:
    case TEST_OBJECT_1_1.id:
      return testObject(definition, NODE_RANDOM);
    default:
      return withInstance(definition, options);
  }
}

function withInstance(definition: ObjectDefinition, options: SampleOptions): LwM2mObject {
  switch (definition.id) {
    case PORTFOLIO.id: {
      const object = portfolioObject();
      addPortfolio(object, 0, { 0: ["Dormouse"] });
      return object;
    }
    case BINARY_APP_DATA_CONTAINER.id: {
      const object = binaryAppDataObject((id, data) =>
        options.say(`Container ${id}: ${data.map((one) => one.length).join(", ")} bytes`),
      );
      addContainer(object, 0, {});
      return object;
    }
    case EVENT_LOG.id: {
      const object = eventLogObject();
      new EventLog(object, 0, {});
      return object;
    }
    case DIGITAL_INPUT.id: {
      const object = digitalInputObject();
      addDigitalInput(object, 0, false);
      return object;
    }
    case TIMER.id: {
      const object = timerObject(NODE_CLOCK);
      addTimer(object, 0, TIMER_ONE_SHOT, TIMER_SECONDS);
      return object;
    }
    default:
      return ofDefinition(definition, options);
  }
}

function ofDefinition(definition: ObjectDefinition, options: SampleOptions): LwM2mObject {
  const measures = (resourceFlags(definition, SENSOR_VALUE) & TYPE_MASK) === FLOAT;
  if (measures && resourceFlags(definition, RESET_MIN_MAX) !== 0) {
    const sensor = sensorObject(definition);
    addSensor(sensor, 0, options.measured, definition.id === TEMPERATURE.id ? "Cel" : "");
    return sensor;
  }
  const isIpso = definition.id >= IPSO_FIRST && definition.id <= IPSO_LAST;
  const object = isIpso
    ? ipsoObject(definition, { clock: NODE_CLOCK, calendar: new NodeCalendar() })
    : new LwM2mObject(definition);
  object.create(0, isIpso ? withImplied(definition) : blankValues(definition));
  return object;
}

function withImplied(definition: ObjectDefinition): ResourceValues {
  const values: Record<number, ResourceValues[number]> = { ...blankValues(definition) };
  for (const id of IMPLIED) {
    const flags = resourceFlags(definition, id);
    if (flags !== 0) values[id] = (flags & EXECUTE) !== 0 ? true : 0;
  }
  return values;
}

function firmware(definition: ObjectDefinition, options: SampleOptions): LwM2mObject {
  return nodeFirmware({ ...packageOptions(options, "firmware"), definition });
}

function packageOptions(options: SampleOptions, name: string): NodePackageOptions {
  const { folder, signed, say } = options;
  return {
    folder: join(folder, name),
    install: (file) => say(`This is where ${file} would be installed.`),
    ...(signed !== undefined && { signed }),
  };
}

function software(options: SampleOptions): LwM2mObject {
  const { say } = options;
  const object = softwareManagementObject((instanceId) => ({
    ...nodePackagePorts(packageOptions(options, `software-${instanceId}`)),
    control: {
      uninstall: (id) => {
        say(`Software ${id} is removed`);
        return true;
      },
      activate: (id, isActive) => {
        say(`Software ${id} is ${isActive ? "active" : "inactive"}`);
        return true;
      },
    },
  }));
  addSoftware(object, 0);
  return object;
}
