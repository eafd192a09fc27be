/** Every case there is. */
import type { ConformanceCase } from "../case.ts";
import type { ServerCase } from "../server-harness.ts";
import { MESSAGE_LAYER_CASES } from "./coap-message-layer.ts";
import { BOOTSTRAP_CASES } from "./ets-0xx-bootstrap.ts";
import { PLANNED_BOOTSTRAP_CASES } from "./ets-0xx-planned.ts";
import { PROFILE_CASES } from "./ets-1xx-profile.ts";
import { REGISTRATION_CASES } from "./ets-1xx-registration.ts";
import { TCP_BINDING } from "./ets-1xx-tcp.ts";
import { COMPOSITE_CASES } from "./ets-2xx-composite.ts";
import { DEVICE_MANAGEMENT_CASES } from "./ets-2xx-device-management.ts";
import { JSON_CASES } from "./ets-2xx-json.ts";
import { COMPOSITE_REPORTING_CASES } from "./ets-3xx-composite.ts";
import { REPORTING_CASES } from "./ets-3xx-reporting.ts";
import { SEND_CASES } from "./ets-3xx-send.ts";
import { SECURITY_CASES } from "./ets-4xx-security.ts";
import { CORE_OBJECT_CASES } from "./ets-5xx-core-objects.ts";
import { STATISTICS_CASES } from "./ets-9xx-statistics.ts";
import { ADDITIONAL_OBJECT_CASES } from "./ets-12xx-additional.ts";
import { PORTFOLIO_CASES } from "./ets-16xx-portfolio.ts";
import { FIRMWARE_CASES } from "./ets-75x-firmware-update.ts";
import { etsNumber } from "./groups.ts";
import { OWN_ACCESS_CONTROL_CASES } from "./own-access-control.ts";
import { OWN_DEVICE_MANAGEMENT_CASES } from "./own-device-management.ts";
import { OWN_REGISTRATION_CASES } from "./own-registration.ts";
import { OWN_REPORTING_CASES } from "./own-reporting.ts";
import { SERVER_MANAGEMENT_CASES } from "./server-device-management.ts";
import { SERVER_OWN_CASES } from "./server-own.ts";
import { SERVER_REGISTRATION_CASES } from "./server-registration.ts";

/** Every case of the ETS that has a procedure, in the order of their numbers. */
const ETS_CASES: readonly ConformanceCase[] = byNumber([
  ...BOOTSTRAP_CASES,
  ...PLANNED_BOOTSTRAP_CASES,
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
  ...PORTFOLIO_CASES,
]);

/** Cases that judge a client: those of the ETS, CoAP's, our own. */
export const CLIENT_CASES: readonly ConformanceCase[] = [
  ...ETS_CASES,
  ...MESSAGE_LAYER_CASES,
  ...OWN_REGISTRATION_CASES,
  ...OWN_DEVICE_MANAGEMENT_CASES,
  ...OWN_ACCESS_CONTROL_CASES,
  ...OWN_REPORTING_CASES,
];

/** Cases that judge a server: those of the ETS in the order of their numbers, our own. */
export const SERVER_CASES: readonly ServerCase[] = [
  ...SERVER_REGISTRATION_CASES,
  ...SERVER_MANAGEMENT_CASES,
  ...SERVER_OWN_CASES,
];

function byNumber(cases: readonly ConformanceCase[]): ConformanceCase[] {
  return [...cases].sort((left, right) => numberOf(left) - numberOf(right));
}

function numberOf({ id }: ConformanceCase): number {
  return etsNumber(id) ?? Number.POSITIVE_INFINITY;
}
