/**
 * `run` for a board that may be off between contacts: what outlives a reboot is written when it matters and before each deep sleep, and
 * where the wait is long, deep sleep takes the place of waiting. The board then starts anew.
 */

import type { Milliseconds } from "../protocol/time/duration.ts";
import { NEVER, SECOND } from "../protocol/time/duration.ts";
import type { AgentEvent, BasicAgent } from "./agent/basic-agent.ts";
import type { Loop } from "./loop.ts";
import { run } from "./loop.ts";
import type { Alarm, Board } from "./ports.ts";

/** Waking from deep sleep costs a boot and a network: shorter waits are waited. */
export const SHORTEST_DEEP_SLEEP: Milliseconds = 10 * SECOND;

export interface Memory {
  /** Writes down what outlives a reboot. @param wakeAt until when the board is about to go off, where it is */
  keep(wakeAt?: Milliseconds): void;
  /** False while what only this boot knows must not be lost. */
  maySleep(): boolean;
}

/** Runs an agent that was given what its board has kept. Everything it has to say goes to `handle`. */
export function runSleeping(
  agent: BasicAgent,
  board: Board,
  memory: Memory,
  handle: (event: AgentEvent) => void,
): Loop {
  const sleeping: Board = {
    datagrams: board.datagrams,
    streams: board.streams,
    clock: board.clock,
    calendar: board.calendar,
    alarm: sleepingAlarm(agent, board, memory),
    random: board.random,
    power: board.power,
    store: board.store,
  };
  return run(agent, sleeping, (event) => {
    if (isWorthKeeping(event)) memory.keep();
    handle(event);
  });
}

/** Registrations and observations may be others than before. */
function isWorthKeeping(event: AgentEvent): boolean {
  if (event.kind !== "request") return event.kind !== "asleep" && event.kind !== "awake";
  const isRead = event.operation === "Read" || event.operation === "Discover";
  return !isRead && event.operation !== "Read-Composite";
}

/** An alarm that is a deep sleep where the radio is off and the wait is long. */
function sleepingAlarm(agent: BasicAgent, board: Board, memory: Memory): Alarm {
  const deepSleep = board.power.deepSleep;
  if (deepSleep === undefined) return board.alarm;
  return {
    arm: (at, ring) => {
      const wait = at - board.clock.now();
      const isLong = at !== NEVER && wait >= SHORTEST_DEEP_SLEEP;
      if (!isLong || isAwake(agent) || !memory.maySleep()) {
        board.alarm.arm(at, ring);
        return;
      }
      memory.keep(at);
      // A board that cannot after all waits as others do.
      board.alarm.arm(at, ring);
      deepSleep.call(board.power, wait);
    },
  };
}

/** Some server may reach the device. */
function isAwake(agent: BasicAgent): boolean {
  for (let i = 0; i < agent.links.length; i++) if (agent.links[i].isAwake()) return true;
  return false;
}
