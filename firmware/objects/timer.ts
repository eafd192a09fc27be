/**
 * Timer (3340), with the patterns of industrial timers: what its output does when its input is switched.
 *
 *   mode                input    ___/''''''''\______      D: Delay Duration
 *   0 off                        ___/''''''''\______      the output follows the input
 *   1 one-shot                   ___/''\____________      on for D from the input's rise; a Trigger is such a rise
 *   2 on-time, interval          ___/''\____________      on for D, but no longer than the input
 *   3 delay on pick-up           ______/'''''\______      on D after the input's rise, off with it
 *   4 delay on drop-out          ___/'''''''''''\___      on with the input, off D after its fall
 *
 * After an output of mode 1 or 2 has gone off, it stays off for the Minimum Off-time. The Counter counts how often the output goes on.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import {
  COUNTER,
  CUMULATIVE_TIME,
  DELAY_DURATION,
  DIGITAL_INPUT_COUNTER,
  DIGITAL_STATE,
  MINIMUM_OFF_TIME,
  ON_OFF,
  REMAINING_TIME,
  TIMER_MODE,
  TRIGGER,
} from "../../protocol/model/objects/ipso-resources.ts";
import { TIMER } from "../../protocol/model/objects/timer.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { MonotonicClock } from "../ports.ts";
import { InstanceTimers } from "./instance-timers.ts";
import { isInIpsoRange } from "./ipso.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

export const TIMER_OFF = 0;
export const TIMER_ONE_SHOT = 1;
export const TIMER_INTERVAL = 2;
export const TIMER_DELAY_ON_PICK_UP = 3;
export const TIMER_DELAY_ON_DROP_OUT = 4;

/** Object 3340 without instances. @param clock for the times that are read */
export function timerObject(clock: MonotonicClock): LwM2mObject {
  const object = new LwM2mObject(TIMER);
  object.isFixed = true;
  object.onCheck = isAcceptable;
  object.onWrite = function (own, instanceId, resourceId) {
    timersOf(own).handleWrite(instanceId, resourceId);
  };
  object.onExecute = function (own, instanceId, resourceId) {
    if (resourceId === TRIGGER) timersOf(own).trigger(instanceId);
    return undefined;
  };
  object.onRead = function (own, instanceId, resourceId) {
    return timersOf(own).reading(instanceId, resourceId, clock.now());
  };
  return object;
}

/** Adds a timer that is off. @param seconds of delay */
export function addTimer(
  object: LwM2mObject,
  instanceId: number,
  mode: number,
  seconds: number,
): void {
  object.create(instanceId, {
    [DELAY_DURATION]: seconds,
    [TRIGGER]: true,
    [MINIMUM_OFF_TIME]: 0,
    [TIMER_MODE]: mode,
    [COUNTER]: 0,
    [REMAINING_TIME]: 0,
    [DIGITAL_STATE]: false,
    [DIGITAL_INPUT_COUNTER]: 0,
    [CUMULATIVE_TIME]: 0,
    [ON_OFF]: false,
  });
}

/** Switches a timer's input, as a server does by writing On/Off. */
export function switchTimer(object: LwM2mObject, instanceId: number, isOn: boolean): void {
  object.set(instanceId, ON_OFF, isOn);
  timersOf(object).handleWrite(instanceId, ON_OFF);
}

interface TimerState {
  input: boolean;
  /** A rise of the input that nobody has seen fall: a Trigger. */
  isTriggered: boolean;
  /** When the delay that runs is over; NEVER when none does. */
  endsAt: Milliseconds;
  /** The output stays off until then. */
  restsUntil: Milliseconds;
  /** Since when the input is on. */
  onSince: Milliseconds;
  /** Milliseconds that it was on before. */
  cumulated: number;
}

class Timers extends InstanceTimers<TimerState> {
  handleWrite(instanceId: number, resourceId: number): void {
    const state = this.state(instanceId);
    if (resourceId === CUMULATIVE_TIME) {
      state.cumulated = 0;
      state.onSince = NEVER;
    }
    this.soon(instanceId);
  }

  trigger(instanceId: number): void {
    this.state(instanceId).isTriggered = true;
    this.soon(instanceId);
  }

  reading(instanceId: number, resourceId: number, now: Milliseconds): Value | undefined {
    if (resourceId !== REMAINING_TIME && resourceId !== CUMULATIVE_TIME) return undefined;
    const state = this.state(instanceId);
    if (resourceId === REMAINING_TIME) {
      return state.endsAt === NEVER ? 0 : Math.max(state.endsAt - now, 0) / SECOND;
    }
    const running = state.input && state.onSince !== NEVER ? now - state.onSince : 0;
    return (state.cumulated + running) / SECOND;
  }

  protected first(): TimerState {
    return {
      input: false,
      isTriggered: false,
      endsAt: NEVER,
      restsUntil: 0,
      onSince: NEVER,
      cumulated: 0,
    };
  }

  protected expire(instanceId: number, now: Milliseconds): Milliseconds {
    const { object } = this;
    const state = this.state(instanceId);
    const mode = object.get(instanceId, TIMER_MODE);
    const input = object.get(instanceId, ON_OFF) === true;
    const rises = (input && !state.input) || state.isTriggered;
    const falls = !input && state.input;
    this.countInput(instanceId, state, input, now);
    const isOver = now >= state.endsAt;
    if (isOver) state.endsAt = NEVER;
    let output = object.get(instanceId, DIGITAL_STATE) === true;
    if (mode === TIMER_ONE_SHOT || mode === TIMER_INTERVAL) {
      const ends = isOver || (mode === TIMER_INTERVAL && falls);
      if (output && ends) {
        output = false;
        state.endsAt = NEVER;
        state.restsUntil = now + this.seconds(instanceId, MINIMUM_OFF_TIME);
      } else if (!output && rises && now >= state.restsUntil) {
        output = true;
        state.endsAt = now + this.seconds(instanceId, DELAY_DURATION);
      }
    } else if (mode === TIMER_DELAY_ON_PICK_UP) {
      if (!input) state.endsAt = NEVER;
      else if (rises) state.endsAt = now + this.seconds(instanceId, DELAY_DURATION);
      output = input && (output || isOver);
    } else if (mode === TIMER_DELAY_ON_DROP_OUT) {
      if (input) state.endsAt = NEVER;
      else if (falls) state.endsAt = now + this.seconds(instanceId, DELAY_DURATION);
      output = input || (output && !isOver);
    } else {
      state.endsAt = NEVER;
      output = input;
    }
    state.isTriggered = false;
    this.show(instanceId, output);
    return state.endsAt;
  }

  private countInput(
    instanceId: number,
    state: TimerState,
    input: boolean,
    now: Milliseconds,
  ): void {
    if (input && !state.input) this.add(instanceId, DIGITAL_INPUT_COUNTER);
    if (state.input && !input && state.onSince !== NEVER) state.cumulated += now - state.onSince;
    if (input && (!state.input || state.onSince === NEVER)) state.onSince = now;
    state.input = input;
  }

  private show(instanceId: number, output: boolean): void {
    const was = this.object.get(instanceId, DIGITAL_STATE);
    if (was === output || was === undefined) return;
    this.object.set(instanceId, DIGITAL_STATE, output);
    if (output) this.add(instanceId, COUNTER);
  }

  private add(instanceId: number, resourceId: number): void {
    const count = this.object.get(instanceId, resourceId);
    if (typeof count === "number") this.object.set(instanceId, resourceId, count + 1);
  }

  private seconds(instanceId: number, resourceId: number): Milliseconds {
    const seconds = this.object.get(instanceId, resourceId);
    return typeof seconds === "number" ? seconds * SECOND : 0;
  }
}

function timersOf(object: LwM2mObject): Timers {
  if (object.machine === undefined) object.machine = new Timers(object);
  return object.machine as Timers;
}

function isAcceptable(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  value: Value,
): boolean {
  switch (resourceId) {
    case DELAY_DURATION:
    case MINIMUM_OFF_TIME:
      return typeof value === "number" && value >= 0;
    case COUNTER:
    case CUMULATIVE_TIME:
      // What was counted can be set back, not made up.
      return value === 0;
    default:
      return isInIpsoRange(object, instanceId, resourceId, value);
  }
}
