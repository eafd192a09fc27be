/** Servers with one fault each, and the case that has to catch it. What else a fault breaks is in the catch matrix. */
import { BLOCK_MUTANTS, QUEUE_MODE_MUTANTS } from "./server-mutants/blocks.ts";
import { HOSTILE_MUTANTS } from "./server-mutants/hostile.ts";
import { MESSAGE_MUTANTS } from "./server-mutants/messages.ts";
import type { ServerMutant } from "./server-mutants/mutant.ts";
import { ORDER_MUTANTS } from "./server-mutants/orders.ts";
import { REGISTRATION_MUTANTS } from "./server-mutants/registration.ts";
import { REPORTING_MUTANTS } from "./server-mutants/reporting.ts";
import { STREAM_MUTANTS } from "./server-mutants/streams.ts";

export const SERVER_MUTANTS: readonly ServerMutant[] = [
  ...REGISTRATION_MUTANTS,
  ...ORDER_MUTANTS,
  ...REPORTING_MUTANTS,
  ...MESSAGE_MUTANTS,
  ...HOSTILE_MUTANTS,
  ...BLOCK_MUTANTS,
  ...QUEUE_MODE_MUTANTS,
  ...STREAM_MUTANTS,
];
