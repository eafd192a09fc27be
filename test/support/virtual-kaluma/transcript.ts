/** An hour of a program for Kaluma on a virtual board, written down so that another engine can go through it. */
import { MINUTE, SECOND } from "../durations.ts";
import { BoardPair, SERVER_HOST } from "../virtual-espruino/board-pair.ts";
import { NODE_REALMS, RecordedRealms } from "../virtual-espruino/script-engine.ts";
import { VirtualBoard } from "../virtual-espruino/virtual-board.ts";

export interface Transcript {
  /** Does all of it again, and prints what the board says to each call. */
  readonly script: string;
  /** What it said. */
  readonly said: readonly string[];
}

/** Registered, read, written, observed, executed, disturbed, cut off its network for a moment, and let alone. */
export function kalumaTranscript(program: string): Transcript {
  const realms = new RecordedRealms(NODE_REALMS);
  const settings = { endpoint: "pico", server: `coap://${SERVER_HOST}`, lifetime: 600 };
  const board = new VirtualBoard({
    api: "virtual-kaluma",
    realms,
    program,
    files: { "dormouse.json": JSON.stringify(settings), "storage:WIFI_SSID": "home" },
    wifi: { home: "" },
  });
  const pair = new BoardPair(board);
  board.switchOn();
  pair.registration();
  pair.observe("/3/0/13");
  pair.write("/1/0/1", "900");
  for (let i = 0; i < 10; i++) pair.read("/3/0");
  pair.disturb(new Uint8Array([1, 2, 3]));
  board.setNetworks({});
  pair.wait(20 * SECOND);
  board.setNetworks({ home: "" });
  pair.wait(10 * MINUTE);
  pair.read("/1/0");
  board.dispose();
  return { script: realms.replay(), said: realms.said };
}
