/** Clients with one fault each, and the case that has to catch it. What else a fault breaks is in the catch matrix. */
import { BOOTSTRAP_MUTANTS } from "./mutants/bootstrap.ts";
import { COMPOSITE_MUTANTS } from "./mutants/composite.ts";
import { DEVICE_MANAGEMENT_MUTANTS } from "./mutants/device-management.ts";
import { MESSAGE_LAYER_MUTANTS } from "./mutants/message-layer.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { OBJECT_MUTANTS } from "./mutants/objects.ts";
import { REGISTRATION_MUTANTS } from "./mutants/registration.ts";
import { REPORTING_MUTANTS } from "./mutants/reporting.ts";
import { TCP_MUTANTS } from "./mutants/tcp.ts";

export const MUTANTS: readonly Mutant[] = [
  ...REGISTRATION_MUTANTS,
  ...DEVICE_MANAGEMENT_MUTANTS,
  ...REPORTING_MUTANTS,
  ...MESSAGE_LAYER_MUTANTS,
  ...COMPOSITE_MUTANTS,
  ...BOOTSTRAP_MUTANTS,
  ...OBJECT_MUTANTS,
  ...TCP_MUTANTS,
];
