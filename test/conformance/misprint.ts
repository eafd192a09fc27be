/**
 * In what a case as the ETS prints it differs from the case that is run, where the print contradicts the standard. The procedure is the
 * same; its messages and codes are the printed ones.
 */
import type { Message } from "../../protocol/coap/message.ts";

export interface Misprint {
  /** What goes out in place of a message of the harness's servers; undefined leaves it. */
  readonly sends?: (message: Message) => Message | undefined;
  /** By criterion: the code that is printed. */
  readonly codes?: Readonly<Record<string, number>>;
}

export const NO_MISPRINT: Misprint = {};
