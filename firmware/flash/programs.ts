/** The library's own programs, by the names that `dormouse build` and `dormouse flash` know them by. */
import type { BoardModel } from "./boards.ts";
import { libraryFile } from "./library.ts";

/** Those for Espruino, by name: what each is. The first is what a board gets when nobody says what else. */
export const ESPRUINO_PROGRAMS: Readonly<Record<string, string>> = {
  minimal: "the least that is a device: objects 1 and 3, text and TLV",
  "minimal-tcp": "the same over TCP, for boards and networks without UDP",
  main: "with object 3303, where the chip measures its temperature",
  sleeper: "for a battery: joins Wi-Fi by itself, and is off between its contacts",
  full: "LwM2M 1.1 with composites, SenML, Send and access rights, for 8,000 variables",
  updatable: "with object 5: takes updates of itself over the air, beside boot",
  boot: "what starts the newer of two programs, and takes the older one back",
  "behind-gateway": "for a serial line to dormouse gateway, without a network",
};

/**
 * The file of a program for a board: of the library where it is named as one of its own, and where nobody says what; else `given`. On Node
 * that is this machine as a device.
 */
export function programFile(given: string | undefined, board: BoardModel): string {
  const { engine } = board;
  const usual = engine === "node" ? "service" : "minimal";
  const name = given ?? usual;
  const isOwn = engine === "espruino" ? Object.hasOwn(ESPRUINO_PROGRAMS, name) : name === usual;
  return isOwn ? libraryFile(`firmware/boards/${engine}/${name}`) : name;
}
