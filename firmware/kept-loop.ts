/**
 * An agent whose registrations and observations outlive power cuts, and a board that may be off between contacts: `run`, with the agent's
 * state in the board's store, and deep sleep in place of waiting where the board can do it.
 *
 * What is kept is written when a registration or an account changes and before each deep sleep: flash wears. A power cut at another
 * moment finds a state that is somewhat old, which the agent can go on with: it sends an Update, and tells what has changed since.
 */

import { isMalformed } from "../protocol/malformed.ts";
import type { Milliseconds } from "../protocol/time/duration.ts";
import { NEVER, SECOND } from "../protocol/time/duration.ts";
import type { Agent } from "./agent/agent.ts";
import type { AgentEvent } from "./agent/basic-agent.ts";
import { decodeAccounts, encodeAccounts } from "./agent/bootstrap/account-codec.ts";
import { encodeRegistrations, restoreRegistrations } from "./agent/kept/kept-state.ts";
import type { Loop } from "./loop.ts";
import { run } from "./loop.ts";
import type { Alarm, Board, Store } from "./ports.ts";

/** Names of the records. */
export const ACCOUNTS_RECORD = "lwm2m-accounts";
export const REGISTRATIONS_RECORD = "lwm2m-registrations";

/** Waking from deep sleep costs a boot and a network: shorter waits are waited. */
const SHORTEST_DEEP_SLEEP: Milliseconds = 10 * SECOND;

export interface KeptBoard extends Board {
  readonly store: Store;
}

/** A board with a store. */
export function withStore(board: Board, store: Store): KeptBoard {
  return {
    datagrams: board.datagrams,
    streams: board.streams,
    clock: board.clock,
    calendar: board.calendar,
    alarm: board.alarm,
    random: board.random,
    power: board.power,
    store: store,
  };
}

/** What came of what was kept, for people. */
export interface Restored {
  readonly hasAccounts: boolean;
  /** Servers that need no new Register. */
  readonly registrations: number;
}

/** Gives an agent that has not started what its board has kept; of records that cannot be read nothing. */
export function restore(agent: Agent, board: KeptBoard): Restored {
  const accounts = board.store.read(ACCOUNTS_RECORD);
  const hasAccounts = accounts !== undefined && !isMalformed(decodeAccounts(agent, accounts));
  const bytes = board.store.read(REGISTRATIONS_RECORD);
  const now = board.clock.now();
  const taken =
    bytes === undefined ? 0 : restoreRegistrations(agent, now, board.calendar.seconds(), bytes);
  return { hasAccounts: hasAccounts, registrations: isMalformed(taken) ? 0 : taken };
}

/** Forgets what was kept: the next start is as from the factory. */
export function forget(board: KeptBoard): void {
  board.store.remove(ACCOUNTS_RECORD);
  board.store.remove(REGISTRATIONS_RECORD);
}

/** `run` for an agent that was given what its board has kept. Everything it has to say goes to `handle`. */
export function runKept(agent: Agent, board: KeptBoard, handle: (event: AgentEvent) => void): Loop {
  function keep(): void {
    const now = board.clock.now();
    board.store.write(ACCOUNTS_RECORD, encodeAccounts(agent));
    const registrations = encodeRegistrations(agent, now, board.calendar.seconds());
    board.store.write(REGISTRATIONS_RECORD, registrations);
  }

  const kept: Board = {
    datagrams: board.datagrams,
    streams: board.streams,
    clock: board.clock,
    calendar: board.calendar,
    alarm: sleepingAlarm(agent, board, keep),
    random: board.random,
    power: board.power,
    store: board.store,
  };
  return run(agent, kept, (event) => {
    if (isWorthKeeping(event)) keep();
    handle(event);
  });
}

/** Registrations and observations may be others than before. */
function isWorthKeeping(event: AgentEvent): boolean {
  if (event.kind !== "request") return event.kind !== "asleep" && event.kind !== "awake";
  const isRead = event.operation === "Read" || event.operation === "Discover";
  return !isRead && event.operation !== "Read-Composite";
}

/** An alarm that is a deep sleep where the radio is off and the wait is long; the board then starts anew. */
function sleepingAlarm(agent: Agent, board: KeptBoard, keep: () => void): Alarm {
  const deepSleep = board.power.deepSleep;
  if (deepSleep === undefined) return board.alarm;
  return {
    arm: (at, ring) => {
      const wait = at - board.clock.now();
      const isLong = at !== NEVER && wait >= SHORTEST_DEEP_SLEEP;
      if (!isLong || agent.isAwake() || !agent.isRegistered()) {
        board.alarm.arm(at, ring);
        return;
      }
      keep();
      // A board that cannot after all waits as others do.
      board.alarm.arm(at, ring);
      deepSleep.call(board.power, wait);
    },
  };
}
