/** The library's own programs, by the names that `dormouse build` and `dormouse flash` know them by. */
import type { BoardModel } from "./boards.ts";
import { libraryFile } from "./library.ts";

const ESPRUINO = "firmware/boards/espruino";

/** By name: what each is. The first is what an Espruino board gets when nobody says what else. */
export const ESPRUINO_PROGRAMS: Readonly<Record<string, string>> = {
  minimal: "the least that is a device: objects 1 and 3, text and TLV",
  "minimal-tcp": "the same over TCP, for boards and networks without UDP",
  main: "with object 3303, where the chip measures its temperature",
  sleeper: "for a battery: joins Wi-Fi by itself, and is off between its contacts",
  updatable: "with object 5: takes updates of itself over the air, beside boot",
  boot: "what starts the newer of two programs, and takes the older one back",
  "behind-gateway": "for a serial line to dormouse gateway, without a network",
};

const NODE_PROGRAM = "firmware/boards/node/service";

/**
 * The file of a program for a board: of the library where it is named as one of its own, and where nobody says what; else `given`.
 */
export function programFile(given: string | undefined, board: BoardModel): string {
  if (board.engine === "node") return given ?? libraryFile(NODE_PROGRAM);
  const name = given ?? Object.keys(ESPRUINO_PROGRAMS)[0];
  return name in ESPRUINO_PROGRAMS ? libraryFile(`${ESPRUINO}/${name}`) : name;
}
