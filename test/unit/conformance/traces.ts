/**
 * What goes by in a case with the sound client, and whether a fault would show in it: one that changes none of these messages leaves the
 * case as it is, so that it need not be run.
 */
import type { Message } from "../../../protocol/coap/message.ts";
import {
  type CaseResult,
  type ClientAdapter,
  type ConformanceCase,
  runCase,
  type Version,
} from "../../conformance/index.ts";
import { type Tamper, tamperedAdapter } from "./tampered-client.ts";

/** A message to or from the client, or bytes to it that are none. */
type Passing =
  | { readonly way: "to" | "from"; readonly message: Message }
  | { readonly way: "bytes"; readonly datagram: Uint8Array };

export interface Trace {
  readonly result: CaseResult;
  readonly passing: readonly Passing[];
}

export async function traceOf(
  stated: ConformanceCase,
  adapter: ClientAdapter,
  version: Version,
): Promise<Trace> {
  const passing: Passing[] = [];
  const note = (way: "to" | "from") => (message: Message) => {
    passing.push({ way, message });
    return message;
  };
  const listening = tamperedAdapter(adapter, () => ({
    toClient: note("to"),
    fromClient: note("from"),
    malformedToClient: (_, datagram) => void passing.push({ way: "bytes", datagram }),
  }));
  return { result: await runCase(stated, listening, version), passing };
}

/** True when a fault changes, swallows or adds something. */
export function showsIn({ passing }: Trace, tamper: Tamper): boolean {
  let hasSaid = false;
  const say = () => {
    hasSaid = true;
  };
  for (const one of passing) {
    if (hasSaid) break;
    if (one.way === "bytes") {
      try {
        tamper.malformedToClient?.(say, one.datagram);
      } catch {
        return true;
      }
    } else {
      const { way, message } = one;
      const change = way === "to" ? tamper.toClient : tamper.fromClient;
      if (change !== undefined && change.call(tamper, message, say) !== message) return true;
    }
  }
  return hasSaid;
}
