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
  | { readonly way: "to" | "from"; readonly message: Message; readonly server: number }
  | { readonly way: "bytes"; readonly datagram: Uint8Array };

export interface Trace {
  readonly result: CaseResult;
  readonly passing: readonly Passing[];
  /** What goes by is a stream, and not looked into. */
  readonly isStream: boolean;
}

export async function traceOf(
  stated: ConformanceCase,
  adapter: ClientAdapter,
  version: Version,
): Promise<Trace> {
  const passing: Passing[] = [];
  const listening = tamperedAdapter(adapter, () => ({
    toClient: (message, _, server) => {
      passing.push({ way: "to", message, server });
      return message;
    },
    fromClient: (message, _, server) => {
      passing.push({ way: "from", message, server });
      return message;
    },
    malformedToClient: (_, datagram) => void passing.push({ way: "bytes", datagram }),
  }));
  const isStream = stated.configuration.transport === "tcp";
  return { result: await runCase(stated, listening, version), passing, isStream };
}

/** True when a fault changes, swallows or adds something. */
export function showsIn({ passing, isStream }: Trace, tamper: Tamper): boolean {
  if (isStream) return tamper.streamFromClient !== undefined;
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
    } else if (one.way === "to") {
      const { message, server } = one;
      if (tamper.sourceOf !== undefined && tamper.sourceOf(server, message) !== server) return true;
      if (tamper.toClient !== undefined && tamper.toClient(message, say, server) !== message) {
        return true;
      }
    } else {
      const { message, server } = one;
      if (tamper.fromClient !== undefined && tamper.fromClient(message, say, server) !== message) {
        return true;
      }
    }
  }
  return hasSaid;
}
