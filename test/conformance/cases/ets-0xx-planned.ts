/** ETS 1.2 group 0-99, Bootstrap over transports that the harness does not have yet. */
import {
  CERTIFICATE_ACCOUNT,
  EST_BOOTSTRAP,
  MQTT_BOOTSTRAP,
  OSCORE_BOOTSTRAP,
  PSK_ACCOUNT,
} from "../accounts.ts";
import { type ConformanceCase, plannedCase, type Version } from "../case.ts";

const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
const BOOTSTRAP = "LwM2M Core 1.1.1 §6.1.7";

const FLOW = [
  "the client sends Bootstrap-Request",
  "the bootstrap server writes the account in /0 and /1, discovers / and finishes",
  "the client registers with the account",
];

export const PLANNED_BOOTSTRAP_CASES: readonly ConformanceCase[] = [
  plannedCase({
    id: "LightweightM2M-1.1-int-1",
    title: "Client Initiated Bootstrap Full, pre-shared key",
    versions: SINCE_1_1,
    clauses: [BOOTSTRAP, "LwM2M Transport 1.1.1 §5"],
    configuration: { ...PSK_ACCOUNT, name: "C.14 (ETS 1.2.1: C.13)" },
    needs: { missing: "DTLS", features: ["bootstrap"] },
    criteria: {
      bootstrap: "all criteria of int-0 hold over DTLS",
      register: "the client registers over DTLS with the key that was written, as in int-401",
    },
    steps: FLOW,
  }),
  plannedCase({
    id: "LightweightM2M-1.1-int-2",
    title: "Client Initiated Bootstrap Full, certificate",
    versions: SINCE_1_1,
    clauses: [BOOTSTRAP, "LwM2M Transport 1.1.1 §5"],
    configuration: { ...CERTIFICATE_ACCOUNT, name: "C.14 (ETS 1.2.1: C.13)" },
    needs: { missing: "DTLS", features: ["bootstrap"] },
    criteria: {
      bootstrap: "all criteria of int-0 hold over DTLS",
      register:
        "the client registers over DTLS with the certificate that was written, as in int-402",
    },
    steps: FLOW,
  }),
  plannedCase({
    id: "LightweightM2M-1.1-int-10",
    title: "Client Initiated Bootstrap Full, EST",
    versions: SINCE_1_1,
    clauses: [BOOTSTRAP, "LwM2M Transport 1.1.1 §5"],
    configuration: EST_BOOTSTRAP,
    needs: { missing: "EST", features: ["bootstrap"] },
    criteria: {
      enroll:
        "a certificate request reaches the bootstrap server over EST; the client takes the certificate",
      bootstrap: "the accounts are written without keys; Finish is answered by 2.04",
      register: "the client registers over DTLS with the certificate",
    },
    steps: [
      "the client sends a certificate request over EST; the bootstrap server answers with a certificate",
      ...FLOW,
    ],
  }),
  plannedCase({
    id: "LightweightM2M-1.2-int-11",
    title: "Client Initiated Bootstrap, OSCORE",
    versions: ["1.2"],
    clauses: ["LwM2M Core 1.2.2 §6.1.7", "RFC 8613 §8.1"],
    configuration: OSCORE_BOOTSTRAP,
    needs: { missing: "OSCORE", features: ["bootstrap"] },
    correction:
      "Discover says version 1.2 and lists /0/1, /21/1 with ssid=1; the printed one lists /1/0 and 1.1",
    criteria: {
      request: "Bootstrap-Request comes under OSCORE",
      write: "Writes of /0, /21 and /1 (C.24) are answered by 2.04",
      discover: "Discover lists /0/1 with ssid=1 and uri, and /21/1 with ssid=1",
      finish: "Finish is answered by 2.04",
    },
    steps: [
      "the client sends Bootstrap-Request under OSCORE",
      "the bootstrap server writes /0, /21 and /1 as in C.24, discovers / and finishes",
    ],
  }),
  plannedCase({
    id: "LightweightM2M-1.2-int-19",
    title: "Client Initiated Bootstrap over MQTT",
    versions: ["1.2"],
    clauses: ["LwM2M Core 1.2.2 §6.1.7", "LwM2M Transport 1.2.2 §6.6"],
    configuration: MQTT_BOOTSTRAP,
    needs: { missing: "MQTT", features: ["bootstrap"] },
    correction: "Discover says version 1.2; the printed one says 1.1 and lists /1/0",
    criteria: {
      connect: "the client connects and subscribes; CONNACK and SUBACK are as they should be",
      request: "it publishes operation 0, Bootstrap-Request",
      write: "four Writes are answered by 2.04",
      discover: "Discover (operation 4) is answered with the version, /23 and /24",
      finish: "Finish is answered by 2.04",
    },
    steps: [
      "the client connects to the broker, subscribes to its topic and publishes Bootstrap-Request",
      "the bootstrap server writes four objects, discovers and finishes",
    ],
  }),
];
