/**
 * A deadline for each instance of an object: the machine beneath timers, inputs that bounce and things that move.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER } from "../../protocol/time/duration.ts";
import type { LwM2mObject, ObjectMachine } from "./lwm2m-object.ts";
import { IdTable } from "./lwm2m-object.ts";

export abstract class InstanceTimers<State> implements ObjectMachine {
  protected readonly object: LwM2mObject;
  private readonly states: IdTable<State> = new IdTable();
  private readonly due: IdTable<Milliseconds> = new IdTable();

  constructor(object: LwM2mObject) {
    this.object = object;
  }

  /** Has `expire` called at the next timeout, which knows what time it is. */
  soon(instanceId: number): void {
    this.due.put(instanceId, 0);
    if (this.object.listener !== undefined) this.object.listener.wake();
  }

  /** What is known of an instance; made at first use. */
  state(instanceId: number): State {
    let state = this.states.get(instanceId);
    if (state === undefined) this.states.put(instanceId, (state = this.first(instanceId)));
    return state;
  }

  deadline(): Milliseconds {
    let at = NEVER;
    for (let i = 0; i < this.due.items.length; i++) at = Math.min(at, this.due.items[i]);
    return at;
  }

  handleTimeout(now: Milliseconds): void {
    const { ids } = this.due;
    for (let i = 0; i < ids.length; i++) {
      const at = this.due.get(ids[i]);
      if (at === undefined || now < at) continue;
      this.due.put(ids[i], NEVER);
      const next = this.expire(ids[i], now);
      // What it did may have asked to be called again.
      const asked = this.due.get(ids[i]) as Milliseconds;
      this.due.put(ids[i], Math.min(asked, next));
    }
  }

  protected abstract first(instanceId: number): State;

  /** The deadline of an instance has come, or something was asked of it. Returns its next. */
  protected abstract expire(instanceId: number, now: Milliseconds): Milliseconds;
}
