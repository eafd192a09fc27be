/** Clients with one fault each, and the case that has to catch it. What else a fault breaks is in the catch matrix. */
import { BOOTSTRAP_MUTANTS } from "./mutants/bootstrap.ts";
import { BLOCK_MUTANTS } from "./mutants/coap-block.ts";
import { CORE_MUTANTS } from "./mutants/coap-core.ts";
import { CORE_OPTION_MUTANTS } from "./mutants/coap-core-options.ts";
import { LINK_MUTANTS } from "./mutants/coap-link.ts";
import { OBSERVE_MUTANTS } from "./mutants/coap-observe.ts";
import { COMPOSITE_MUTANTS } from "./mutants/composite.ts";
import { DEVICE_MANAGEMENT_MUTANTS } from "./mutants/device-management.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { OBJECT_MUTANTS } from "./mutants/objects.ts";
import { OWN_COAP_MUTANTS } from "./mutants/own-coap.ts";
import { OWN_COAP_OPTION_MUTANTS } from "./mutants/own-coap-options.ts";
import { REGISTRATION_MUTANTS } from "./mutants/registration.ts";
import { REPORTING_MUTANTS } from "./mutants/reporting.ts";

export const MUTANTS: readonly Mutant[] = [
  ...REGISTRATION_MUTANTS,
  ...DEVICE_MANAGEMENT_MUTANTS,
  ...REPORTING_MUTANTS,
  ...CORE_MUTANTS,
  ...CORE_OPTION_MUTANTS,
  ...BLOCK_MUTANTS,
  ...OBSERVE_MUTANTS,
  ...LINK_MUTANTS,
  ...OWN_COAP_MUTANTS,
  ...OWN_COAP_OPTION_MUTANTS,
  ...COMPOSITE_MUTANTS,
  ...BOOTSTRAP_MUTANTS,
  ...OBJECT_MUTANTS,
];
