/**
 * An agent whose registrations and observations outlive power cuts, and a board that may be off between contacts: `run`, with the agent's
 * state in the board's store, and deep sleep in place of waiting where the board can do it.
 *
 * What is kept is written when a registration or an account changes and before each deep sleep: flash wears. A power cut at another
 * moment finds a state that is somewhat old, which the agent can go on with: it sends an Update, and tells what has changed since.
 */

import { isMalformed } from "../protocol/malformed.ts";
import type { Agent } from "./agent/agent.ts";
import type { AgentEvent } from "./agent/basic-agent.ts";
import { decodeAccounts, encodeAccounts } from "./agent/bootstrap/account-codec.ts";
import { encodeRegistrations, restoreRegistrations } from "./agent/kept/kept-state.ts";
import type { Loop } from "./loop.ts";
import type { Board, Store } from "./ports.ts";
import { runSleeping } from "./sleeping-loop.ts";

/** Names of the records. */
export const ACCOUNTS_RECORD = "lwm2m-accounts";
export const REGISTRATIONS_RECORD = "lwm2m-registrations";

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

  const memory = {
    keep: keep,
    // An attempt to register counts as long as this boot.
    maySleep: () => agent.isRegistered(),
  };
  return runSleeping(agent, board, memory, handle);
}
