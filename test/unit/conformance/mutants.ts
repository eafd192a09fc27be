/** Clients with one fault each, and the case that has to catch it. What else a fault breaks is in the catch matrix. */
import { ACCESS_MUTANTS } from "./mutants/access.ts";
import { ATOMICITY_MUTANTS } from "./mutants/atomicity.ts";
import { ATTRIBUTE_MUTANTS } from "./mutants/attributes.ts";
import { BLOCK_WISE_MUTANTS } from "./mutants/block-wise.ts";
import { BOOTSTRAP_MUTANTS } from "./mutants/bootstrap.ts";
import { BLOCK_MUTANTS } from "./mutants/coap-block.ts";
import { CORE_MUTANTS } from "./mutants/coap-core.ts";
import { CORE_OPTION_MUTANTS } from "./mutants/coap-core-options.ts";
import { LINK_MUTANTS } from "./mutants/coap-link.ts";
import { OBSERVE_MUTANTS } from "./mutants/coap-observe.ts";
import { COMPOSITE_MUTANTS } from "./mutants/composite.ts";
import { CONNECTIVITY_MUTANTS } from "./mutants/connectivity.ts";
import { DEVICE_MANAGEMENT_MUTANTS } from "./mutants/device-management.ts";
import { ETCH_MUTANTS } from "./mutants/etch.ts";
import { FIRMWARE_MUTANTS } from "./mutants/firmware.ts";
import { FORMAT_MUTANTS } from "./mutants/formats.ts";
import { LOSS_MUTANTS } from "./mutants/loss.ts";
import { MALFORMED_MUTANTS } from "./mutants/malformed.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { OBJECT_MUTANTS } from "./mutants/objects.ts";
import { OWN_COAP_MUTANTS } from "./mutants/own-coap.ts";
import { OWN_COAP_OPTION_MUTANTS } from "./mutants/own-coap-options.ts";
import { PATH_MUTANTS } from "./mutants/paths.ts";
import { POWER_MUTANTS } from "./mutants/power.ts";
import { PROFILE_MUTANTS } from "./mutants/profile.ts";
import { REGISTRATION_MUTANTS } from "./mutants/registration.ts";
import { REPORTING_MUTANTS } from "./mutants/reporting.ts";
import { REPORTING_MODE_MUTANTS } from "./mutants/reporting-modes.ts";
import { RETRY_MUTANTS } from "./mutants/retry.ts";
import { STRANGER_MUTANTS } from "./mutants/strangers.ts";
import { TCP_MUTANTS } from "./mutants/tcp.ts";
import { TIMING_MUTANTS } from "./mutants/timing.ts";

export const MUTANTS: readonly Mutant[] = [
  ...REGISTRATION_MUTANTS,
  ...POWER_MUTANTS,
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
  ...CONNECTIVITY_MUTANTS,
  ...LOSS_MUTANTS,
  ...BLOCK_WISE_MUTANTS,
  ...PATH_MUTANTS,
  ...ATTRIBUTE_MUTANTS,
  ...ATOMICITY_MUTANTS,
  ...ACCESS_MUTANTS,
  ...RETRY_MUTANTS,
  ...TIMING_MUTANTS,
  ...REPORTING_MODE_MUTANTS,
  ...STRANGER_MUTANTS,
  ...FIRMWARE_MUTANTS,
  ...MALFORMED_MUTANTS,
  ...FORMAT_MUTANTS,
  ...ETCH_MUTANTS,
  ...PROFILE_MUTANTS,
  ...TCP_MUTANTS,
];
