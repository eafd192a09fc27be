/**
 * Base configurations of ETS 1.2 appendix C whose accounts are not reached over UDP. The harness has TCP; of the others the name is what
 * counts, and the objects are those of C.1.
 */
import { type BaseConfiguration, C_1, C_13, withValues } from "./configurations.ts";

/** C.1 as printed: coaps with a pre-shared key. */
export const PSK_ACCOUNT: BaseConfiguration = { ...C_1, name: "C.1 with its pre-shared key" };
/** A certificate for server.example.com. */
export const CERTIFICATE_ACCOUNT: BaseConfiguration = { ...C_1, name: "C.17" };
/** coap+tcp where the ETS says coaps+tcp, binding T. */
export const TCP_ACCOUNT: BaseConfiguration = {
  ...withValues(withValues(C_1, 1, 0, { 7: "T" }), 3, 0, { 16: "T" }),
  name: "C.1 over TCP, binding T",
  transport: "tcp",
};
/** Security mode NoSec with /21/0. */
export const OSCORE_ACCOUNT: BaseConfiguration = { ...C_1, name: "C.22" };
/** Bootstrap over EST. */
export const EST_BOOTSTRAP: BaseConfiguration = { ...C_13, name: "C.21" };
/** A bootstrap account with /21. */
export const OSCORE_BOOTSTRAP: BaseConfiguration = { ...C_13, name: "C.23" };
/** Bootstrap over MQTT, then a server over MQTT with COSE. */
export const MQTT_BOOTSTRAP: BaseConfiguration = { ...C_13, name: "C.25, C.26" };
