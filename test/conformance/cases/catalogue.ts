/** Every case there is. */
import type { BootstrapServerCase } from "../bootstrap-harness.ts";
import type { ConformanceCase } from "../case.ts";
import { BOOTSTRAP_SERVER_ETS_CASES } from "./bootstrap-server-ets.ts";
import { BOOTSTRAP_SERVER_FORMAT_CASES } from "./bootstrap-server-formats.ts";
import { BOOTSTRAP_SERVER_HOSTILE_CASES } from "./bootstrap-server-hostile.ts";
import { BOOTSTRAP_SERVER_MESSAGE_CASES } from "./bootstrap-server-messages.ts";
import { BOOTSTRAP_SERVER_OPERATION_CASES } from "./bootstrap-server-operations.ts";
import { BOOTSTRAP_SERVER_PLANNED_CASES } from "./bootstrap-server-planned.ts";
import { BOOTSTRAP_SERVER_REFUSAL_CASES } from "./bootstrap-server-refusals.ts";
import { BOOTSTRAP_SERVER_REQUEST_CASES } from "./bootstrap-server-requests.ts";
import { COAP_CASES, OWN_COAP_CASES } from "./coap.ts";
import { BOOTSTRAP_CASES } from "./ets-0xx-bootstrap.ts";
import { PLANNED_BOOTSTRAP_CASES } from "./ets-0xx-planned.ts";
import { PROFILE_CASES } from "./ets-1xx-profile.ts";
import { REGISTRATION_CASES } from "./ets-1xx-registration.ts";
import { TCP_BINDING } from "./ets-1xx-tcp.ts";
import { COMPOSITE_CASES } from "./ets-2xx-composite.ts";
import { DEVICE_MANAGEMENT_CASES } from "./ets-2xx-device-management.ts";
import { JSON_CASES } from "./ets-2xx-json.ts";
import { SMARTCARD_CASES } from "./ets-3-smartcard.ts";
import { COMPOSITE_REPORTING_CASES } from "./ets-3xx-composite.ts";
import { REPORTING_CASES } from "./ets-3xx-reporting.ts";
import { SEND_CASES } from "./ets-3xx-send.ts";
import { SECURITY_CASES } from "./ets-4xx-security.ts";
import { CORE_OBJECT_CASES } from "./ets-5xx-core-objects.ts";
import { STATISTICS_CASES } from "./ets-9xx-statistics.ts";
import { ADDITIONAL_OBJECT_CASES } from "./ets-12xx-additional.ts";
import { PORTFOLIO_CASES } from "./ets-16xx-portfolio.ts";
import { FIRMWARE_CASES } from "./ets-75x-firmware-update.ts";
import { CONNECTIVITY_CASES } from "./ets-125x-connectivity.ts";
import { etsNumber } from "./groups.ts";
import { OWN_ACCESS_CONTROL_CASES } from "./own-access-control.ts";
import { OWN_ACCESS_MATRIX_CASES } from "./own-access-matrix.ts";
import { OWN_ACCESS_PLACES_CASES } from "./own-access-places.ts";
import { OWN_ATOMICITY_CASES } from "./own-atomicity.ts";
import { OWN_ATTRIBUTE_CASES } from "./own-attributes.ts";
import { OWN_BLOCK_READ_CASES } from "./own-block-read.ts";
import { OWN_BLOCK_WISE_CASES } from "./own-block-wise.ts";
import { OWN_DEVICE_MANAGEMENT_CASES } from "./own-device-management.ts";
import { OWN_DISCOVER_DEPTH_CASES } from "./own-discover-depth.ts";
import { OWN_ETCH_CASES } from "./own-etch.ts";
import { OWN_FIRMWARE_CASES } from "./own-firmware.ts";
import { OWN_FIRMWARE_CONTROL_CASES } from "./own-firmware-control.ts";
import { OWN_FORMAT_CASES } from "./own-formats.ts";
import { OWN_LATE_ANSWER_CASES } from "./own-late-answers.ts";
import { OWN_LOSS_CASES } from "./own-loss.ts";
import { OWN_MALFORMED_CASES } from "./own-malformed.ts";
import { OWN_NOTIFICATION_LOSS_CASES } from "./own-notification-loss.ts";
import { OWN_PATH_CASES } from "./own-paths.ts";
import { OWN_POWER_CASES } from "./own-power.ts";
import { OWN_PROFILE_CASES } from "./own-profile.ts";
import { OWN_REGISTRATION_CASES } from "./own-registration.ts";
import { OWN_REPORTING_CASES } from "./own-reporting.ts";
import { OWN_REPORTING_MODE_CASES } from "./own-reporting-modes.ts";
import { OWN_RETRY_CASES } from "./own-retry.ts";
import { OWN_SPELLING_CASES } from "./own-spellings.ts";
import { OWN_STRANGER_CASES } from "./own-strangers.ts";
import { OWN_TIMING_CASES } from "./own-timing.ts";

export { SERVER_CASES } from "./server-catalogue.ts";

import { OWN_VALUE_CASES } from "./own-values.ts";

/** Every case of the ETS that has a procedure, in the order of their numbers. */
const ETS_CASES: readonly ConformanceCase[] = byNumber([
  ...BOOTSTRAP_CASES,
  ...PLANNED_BOOTSTRAP_CASES,
  ...SMARTCARD_CASES,
  ...REGISTRATION_CASES,
  TCP_BINDING,
  ...PROFILE_CASES,
  ...DEVICE_MANAGEMENT_CASES,
  ...JSON_CASES,
  ...COMPOSITE_CASES,
  ...REPORTING_CASES,
  ...COMPOSITE_REPORTING_CASES,
  ...SEND_CASES,
  ...SECURITY_CASES,
  ...CORE_OBJECT_CASES,
  ...FIRMWARE_CASES,
  ...STATISTICS_CASES,
  ...ADDITIONAL_OBJECT_CASES,
  ...CONNECTIVITY_CASES,
  ...PORTFOLIO_CASES,
]);

/** Cases that judge a client: those of the ETS, CoAP's, our own. */
export const CLIENT_CASES: readonly ConformanceCase[] = [
  ...ETS_CASES,
  ...COAP_CASES,
  ...OWN_COAP_CASES,
  ...OWN_REGISTRATION_CASES,
  ...OWN_POWER_CASES,
  ...OWN_DEVICE_MANAGEMENT_CASES,
  ...OWN_ACCESS_CONTROL_CASES,
  ...OWN_REPORTING_CASES,
  ...OWN_LOSS_CASES,
  ...OWN_NOTIFICATION_LOSS_CASES,
  ...OWN_BLOCK_WISE_CASES,
  ...OWN_BLOCK_READ_CASES,
  ...OWN_PATH_CASES,
  ...OWN_FORMAT_CASES,
  ...OWN_SPELLING_CASES,
  ...OWN_VALUE_CASES,
  ...OWN_ETCH_CASES,
  ...OWN_DISCOVER_DEPTH_CASES,
  ...OWN_ATTRIBUTE_CASES,
  ...OWN_ATOMICITY_CASES,
  ...OWN_ACCESS_MATRIX_CASES,
  ...OWN_ACCESS_PLACES_CASES,
  ...OWN_RETRY_CASES,
  ...OWN_PROFILE_CASES,
  ...OWN_TIMING_CASES,
  ...OWN_REPORTING_MODE_CASES,
  ...OWN_LATE_ANSWER_CASES,
  ...OWN_STRANGER_CASES,
  ...OWN_FIRMWARE_CASES,
  ...OWN_FIRMWARE_CONTROL_CASES,
  ...OWN_MALFORMED_CASES,
];

/** Cases that judge a Bootstrap-Server: those of the ETS in the order of their numbers, our own. */
export const BOOTSTRAP_SERVER_CASES: readonly BootstrapServerCase[] = [
  ...byNumber([...BOOTSTRAP_SERVER_ETS_CASES, ...BOOTSTRAP_SERVER_PLANNED_CASES]),
  ...BOOTSTRAP_SERVER_REQUEST_CASES,
  ...BOOTSTRAP_SERVER_OPERATION_CASES,
  ...BOOTSTRAP_SERVER_FORMAT_CASES,
  ...BOOTSTRAP_SERVER_MESSAGE_CASES,
  ...BOOTSTRAP_SERVER_REFUSAL_CASES,
  ...BOOTSTRAP_SERVER_HOSTILE_CASES,
];

function byNumber<C extends Pick<ConformanceCase, "id">>(cases: readonly C[]): C[] {
  return [...cases].sort((left, right) => numberOf(left) - numberOf(right));
}

function numberOf({ id }: Pick<ConformanceCase, "id">): number {
  return etsNumber(id) ?? Number.POSITIVE_INFINITY;
}
