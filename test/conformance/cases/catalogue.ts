/** Every case there is. */
import type { ConformanceCase } from "../case.ts";
import type { ServerCase } from "../server-harness.ts";
import { MESSAGE_LAYER_CASES } from "./coap-message-layer.ts";
import { REGISTRATION_CASES } from "./ets-1xx-registration.ts";
import { DEVICE_MANAGEMENT_CASES } from "./ets-2xx-device-management.ts";
import { REPORTING_CASES } from "./ets-3xx-reporting.ts";
import { CORE_OBJECT_CASES } from "./ets-5xx-core-objects.ts";
import { PORTFOLIO_CASES } from "./ets-16xx-portfolio.ts";
import { OWN_DEVICE_MANAGEMENT_CASES } from "./own-device-management.ts";
import { OWN_REGISTRATION_CASES } from "./own-registration.ts";
import { OWN_REPORTING_CASES } from "./own-reporting.ts";
import { SERVER_MANAGEMENT_CASES } from "./server-device-management.ts";
import { SERVER_OWN_CASES } from "./server-own.ts";
import { SERVER_REGISTRATION_CASES } from "./server-registration.ts";

/** Cases that judge a client: those of the ETS in the order of their numbers, CoAP's, our own. */
export const CLIENT_CASES: readonly ConformanceCase[] = [
  ...REGISTRATION_CASES,
  ...DEVICE_MANAGEMENT_CASES,
  ...REPORTING_CASES,
  ...CORE_OBJECT_CASES,
  ...PORTFOLIO_CASES,
  ...MESSAGE_LAYER_CASES,
  ...OWN_REGISTRATION_CASES,
  ...OWN_DEVICE_MANAGEMENT_CASES,
  ...OWN_REPORTING_CASES,
];

/** Cases that judge a server: those of the ETS in the order of their numbers, our own. */
export const SERVER_CASES: readonly ServerCase[] = [
  ...SERVER_REGISTRATION_CASES,
  ...SERVER_MANAGEMENT_CASES,
  ...SERVER_OWN_CASES,
];
