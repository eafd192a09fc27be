/**
 * Digital Input (3200): a pin whose bouncing, polarity and edges are dealt with here.
 *
 *     pin.watch((level) => setInput(inputs, 0, level));
 *
 * A level is taken for the input's state when it has been there for the debounce period. Reversed polarity makes a low level true. The
 * counter counts the edges that are selected: falling (1), rising (2, and where nothing is selected) or both (3).
 */
import type { Value } from "../../protocol/model/data-types.ts";
import { DIGITAL_INPUT } from "../../protocol/model/objects/digital-input.ts";
import {
  DIGITAL_INPUT_COUNTER,
  DIGITAL_INPUT_COUNTER_RESET,
  DIGITAL_INPUT_DEBOUNCE,
  DIGITAL_INPUT_EDGE_SELECTION,
  DIGITAL_INPUT_POLARITY,
  DIGITAL_INPUT_STATE,
} from "../../protocol/model/objects/ipso-resources.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER } from "../../protocol/time/duration.ts";
import { InstanceTimers } from "./instance-timers.ts";
import { executeIpso, isInIpsoRange } from "./ipso.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

export const FALLING_EDGE = 1;
export const RISING_EDGE = 2;

/** Object 3200 without instances. */
export function digitalInputObject(): LwM2mObject {
  const object = new LwM2mObject(DIGITAL_INPUT);
  object.isFixed = true;
  object.onCheck = function (own, instanceId, resourceId, value) {
    // What the pin has is known as long as the polarity is the one that it was read with.
    if (resourceId === DIGITAL_INPUT_POLARITY) inputsOf(own).state(instanceId);
    return isInIpsoRange(own, instanceId, resourceId, value);
  };
  object.onExecute = executeIpso;
  object.onWrite = function (own, instanceId, resourceId) {
    if (resourceId === DIGITAL_INPUT_POLARITY) inputsOf(own).apply(instanceId);
  };
  return object;
}

/** Adds an input at the level that its pin has. */
export function addDigitalInput(object: LwM2mObject, instanceId: number, level: boolean): void {
  object.create(instanceId, {
    [DIGITAL_INPUT_STATE]: level,
    [DIGITAL_INPUT_COUNTER]: 0,
    [DIGITAL_INPUT_POLARITY]: false,
    [DIGITAL_INPUT_DEBOUNCE]: 0,
    [DIGITAL_INPUT_EDGE_SELECTION]: RISING_EDGE,
    [DIGITAL_INPUT_COUNTER_RESET]: true,
  });
}

/** The pin has this level now. */
export function setInput(object: LwM2mObject, instanceId: number, level: boolean): void {
  inputsOf(object).handleLevel(instanceId, level);
}

interface InputState {
  level: boolean;
  /** The level that has been there for long enough. */
  steady: boolean;
  hasChanged: boolean;
  steadyAt: Milliseconds;
}

class Inputs extends InstanceTimers<InputState> {
  handleLevel(instanceId: number, level: boolean): void {
    const state = this.state(instanceId);
    if (level === state.level) return;
    state.level = level;
    state.hasChanged = true;
    const debounce = this.object.get(instanceId, DIGITAL_INPUT_DEBOUNCE);
    // Without a period nothing has to be waited for.
    if (typeof debounce === "number" && debounce > 0) this.soon(instanceId);
    else this.settle(instanceId, state);
  }

  /** Shows the steady level as polarity has it. */
  apply(instanceId: number): void {
    const reversed = this.object.get(instanceId, DIGITAL_INPUT_POLARITY) === true;
    this.object.set(instanceId, DIGITAL_INPUT_STATE, this.state(instanceId).steady !== reversed);
  }

  protected first(instanceId: number): InputState {
    const reversed = this.object.get(instanceId, DIGITAL_INPUT_POLARITY) === true;
    const level = (this.object.get(instanceId, DIGITAL_INPUT_STATE) === true) !== reversed;
    return { level: level, steady: level, hasChanged: false, steadyAt: NEVER };
  }

  protected expire(instanceId: number, now: Milliseconds): Milliseconds {
    const state = this.state(instanceId);
    const debounce = this.object.get(instanceId, DIGITAL_INPUT_DEBOUNCE) as Value;
    if (state.hasChanged) state.steadyAt = now + (debounce as number);
    state.hasChanged = false;
    if (now < state.steadyAt) return state.steadyAt;
    state.steadyAt = NEVER;
    this.settle(instanceId, state);
    return NEVER;
  }

  private settle(instanceId: number, state: InputState): void {
    if (state.level === state.steady) return;
    const before = this.object.get(instanceId, DIGITAL_INPUT_STATE) === true;
    state.steady = state.level;
    this.apply(instanceId);
    const selected = this.object.get(instanceId, DIGITAL_INPUT_EDGE_SELECTION);
    const edges = typeof selected === "number" ? selected : RISING_EDGE;
    const edge = before ? FALLING_EDGE : RISING_EDGE;
    const count = this.object.get(instanceId, DIGITAL_INPUT_COUNTER);
    if ((edges & edge) !== 0 && typeof count === "number") {
      this.object.set(instanceId, DIGITAL_INPUT_COUNTER, count + 1);
    }
  }
}

function inputsOf(object: LwM2mObject): Inputs {
  if (object.machine === undefined) object.machine = new Inputs(object);
  return object.machine as Inputs;
}
