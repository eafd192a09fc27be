/**
 * The only I/O of an agent: board and one alarm -> agent. The same on every board.
 */
import type { AgentEvent, BasicAgent } from "./agent/basic-agent.ts";
import { TCP } from "./agent/server-address.ts";
import type { ServerLink } from "./agent/server-link.ts";
import type { Board, Channel, Streams } from "./ports.ts";

/** A running agent. */
export interface Loop {
  /** De-registers; `stopped` is called once that is done, or at once when nothing is registered. */
  stop(stopped: () => void): void;
  /** Ends at once, without a word to any server. */
  close(): void;
}

/** Starts an agent on a board. Everything it has to say goes to `handle`. */
export function run(agent: BasicAgent, board: Board, handle: (event: AgentEvent) => void): Loop {
  let links: readonly ServerLink[] = [];
  /** Of the links, in their order. */
  let channels: readonly Channel[] = [];
  let isRadioOn = true;
  let isOpen = true;
  let stopped: (() => void) | undefined;

  function pump(): void {
    if (!isOpen) return;
    agent.handleTimeout(board.clock.now());
    if (links !== agent.links) connect(agent.links);
    let isAwake = false;
    for (let i = 0; i < links.length; i++) {
      const link = links[i];
      let datagram = link.pollTransmit();
      while (datagram !== undefined) {
        channels[i].send(datagram);
        datagram = link.pollTransmit();
      }
      isAwake = isAwake || link.isAwake();
    }
    let event = agent.pollEvent();
    while (event !== undefined) {
      handle(event);
      event = agent.pollEvent();
    }
    // Whoever handled the events may have closed the loop.
    if (!isOpen) return;
    if (isAwake !== isRadioOn) board.power.setRadio((isRadioOn = isAwake));
    board.alarm.arm(agent.deadline(), pump);
    const told = stopped;
    if (told !== undefined && agent.isStopped()) {
      close();
      told();
    }
  }

  /** Servers came or went: who stays keeps the channel. */
  function connect(now: readonly ServerLink[]): void {
    const former = links;
    const old = channels;
    links = now;
    channels = now.map(function (link) {
      const at = former.indexOf(link);
      return at < 0 ? openChannel(link) : old[at];
    });
    for (let i = 0; i < old.length; i++) if (now.indexOf(former[i]) < 0) old[i].close();
  }

  function openChannel(link: ServerLink): Channel {
    const peer = link.peer;
    const carrier = peer.transport === TCP ? board.streams : board.datagrams;
    // Who has links over TCP has a board with streams.
    return (carrier as Streams).open(peer.host, peer.port, function (datagram) {
      // The radio is off: on a real one a datagram would not have arrived, and a stream would have waited.
      if (!isOpen || !(peer.transport === TCP || link.isAwake())) return;
      agent.handleDatagram(board.clock.now(), link, datagram);
      pump();
    });
  }

  function close(): void {
    isOpen = false;
    agent.nudge = undefined;
    board.alarm.arm(Infinity, pump);
    connect([]);
  }

  agent.nudge = function () {
    // Through the alarm: this may be in the middle of the agent's own work.
    board.alarm.arm(board.clock.now(), pump);
  };
  agent.start(board.clock.now());
  pump();

  return {
    stop: function (whenStopped) {
      stopped = whenStopped;
      agent.stop(board.clock.now());
      pump();
    },
    close: close,
  };
}
