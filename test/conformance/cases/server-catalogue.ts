/** Every case that judges a server. */
import type { ServerCase } from "../server-harness.ts";
import { etsNumber } from "./groups.ts";
import { SERVER_COAP_ASKING_CASES } from "./server-coap-asking.ts";
import { SERVER_COAP_BLOCK_CASES } from "./server-coap-blocks.ts";
import { SERVER_COAP_LINK_CASES } from "./server-coap-links.ts";
import { SERVER_COAP_OBSERVING_CASES } from "./server-coap-observing.ts";
import { SERVER_COAP_SERVING_CASES } from "./server-coap-serving.ts";
import { SERVER_COMPOSITE_CASES } from "./server-composite.ts";
import { SERVER_COMPOSITE_REPORTING_CASES } from "./server-composite-reporting.ts";
import { SERVER_CONNECTIVITY_CASES } from "./server-connectivity.ts";
import { SERVER_CREATE_DELETE_CASES } from "./server-create-delete.ts";
import { SERVER_FIRMWARE_CASES } from "./server-firmware.ts";
import { SERVER_MANAGEMENT_CASES } from "./server-management.ts";
import { SERVER_OWN_CONTENT_CASES } from "./server-own-content.ts";
import { SERVER_OWN_COPY_CASES } from "./server-own-copies.ts";
import { SERVER_OWN_HOSTILE_CASES } from "./server-own-hostile.ts";
import { SERVER_OWN_LIFETIME_CASES } from "./server-own-lifetime.ts";
import { SERVER_OWN_LIST_CASES } from "./server-own-lists.ts";
import { SERVER_OWN_MESSAGE_CASES } from "./server-own-messages.ts";
import { SERVER_OWN_OBSERVATION_CASES } from "./server-own-observation.ts";
import { SERVER_OWN_OPTION_CASES } from "./server-own-options.ts";
import { SERVER_OWN_PATH_CASES } from "./server-own-paths.ts";
import { SERVER_OWN_QUEUE_MODE_CASES } from "./server-own-queue-mode.ts";
import { SERVER_OWN_REGISTRATION_CASES } from "./server-own-registration.ts";
import { SERVER_PLANNED_CASES } from "./server-planned.ts";
import { SERVER_PROFILE_CASES } from "./server-profile.ts";
import { SERVER_READING_CASES } from "./server-reading.ts";
import { SERVER_REGISTRATION_CASES } from "./server-registration.ts";
import { SERVER_REPORTING_CASES } from "./server-reporting.ts";
import { SERVER_SEND_CASES } from "./server-send.ts";
import { SERVER_TCP_BINDING } from "./server-tcp.ts";
import { SERVER_WRITING_CASES } from "./server-writing.ts";

const ALL: readonly ServerCase[] = [
  ...SERVER_REGISTRATION_CASES,
  SERVER_TCP_BINDING,
  ...SERVER_PLANNED_CASES,
  ...SERVER_PROFILE_CASES,
  ...SERVER_READING_CASES,
  ...SERVER_WRITING_CASES,
  ...SERVER_MANAGEMENT_CASES,
  ...SERVER_CREATE_DELETE_CASES,
  ...SERVER_COMPOSITE_CASES,
  ...SERVER_COMPOSITE_REPORTING_CASES,
  ...SERVER_REPORTING_CASES,
  ...SERVER_SEND_CASES,
  ...SERVER_FIRMWARE_CASES,
  ...SERVER_CONNECTIVITY_CASES,
  ...SERVER_COAP_SERVING_CASES,
  ...SERVER_COAP_LINK_CASES,
  ...SERVER_COAP_ASKING_CASES,
  ...SERVER_COAP_BLOCK_CASES,
  ...SERVER_COAP_OBSERVING_CASES,
  ...SERVER_OWN_REGISTRATION_CASES,
  ...SERVER_OWN_LIFETIME_CASES,
  ...SERVER_OWN_PATH_CASES,
  ...SERVER_OWN_LIST_CASES,
  ...SERVER_OWN_COPY_CASES,
  ...SERVER_OWN_MESSAGE_CASES,
  ...SERVER_OWN_OPTION_CASES,
  ...SERVER_OWN_OBSERVATION_CASES,
  ...SERVER_OWN_QUEUE_MODE_CASES,
  ...SERVER_OWN_CONTENT_CASES,
  ...SERVER_OWN_HOSTILE_CASES,
];

/** Those of the ETS in the order of their numbers, CoAP's by their names, our own. */
export const SERVER_CASES: readonly ServerCase[] = [...ALL].sort(
  (one, other) => rankOf(one) - rankOf(other) || compareNames(one, other),
);

function rankOf({ id }: ServerCase): number {
  const number = etsNumber(id);
  if (number !== undefined) return number;
  return isOfCoap(id) ? Number.MAX_SAFE_INTEGER - 1 : Number.MAX_SAFE_INTEGER;
}

/** Our own stay as they are. */
function compareNames(one: ServerCase, other: ServerCase): number {
  if (!isOfCoap(one.id) || !isOfCoap(other.id) || one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
}

function isOfCoap(id: string): boolean {
  return id.startsWith("TD_COAP_");
}
