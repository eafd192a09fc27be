/** ETS 1.2 group 0-99, for Bootstrap-Servers, over transports that the harness does not have yet. */
import { type BootstrapServerCase, plannedBootstrapServerCase } from "../bootstrap-harness.ts";

const SINCE_1_1 = ["1.1", "1.2"] as const;
const FLOW = [
  "the client sends Bootstrap-Request",
  "the server discovers /, writes the account in /0 and /1 and finishes",
];

export const BOOTSTRAP_SERVER_PLANNED_CASES: readonly BootstrapServerCase[] = [
  plannedBootstrapServerCase({
    id: "LightweightM2M-1.1-int-1",
    title: "Client Initiated Bootstrap Full, pre-shared key",
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §5"],
    missing: "DTLS",
    criteria: {
      bootstrap: "all criteria of int-0 hold over DTLS",
      key: "the account has the key with which int-401 passes",
    },
    steps: FLOW,
  }),
  plannedBootstrapServerCase({
    id: "LightweightM2M-1.1-int-2",
    title: "Client Initiated Bootstrap Full, certificate",
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §5"],
    missing: "DTLS",
    criteria: {
      bootstrap: "all criteria of int-0 hold over DTLS",
      certificate: "the account has the certificates with which int-402 passes",
    },
    steps: FLOW,
  }),
  plannedBootstrapServerCase({
    id: "LightweightM2M-1.1-int-10",
    title: "Client Initiated Bootstrap Full, EST",
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §5"],
    missing: "EST",
    criteria: {
      enroll: "a certificate request over EST is answered by a certificate",
      bootstrap: "the accounts are written without keys",
    },
    steps: ["the client sends a certificate request over EST", ...FLOW],
  }),
  plannedBootstrapServerCase({
    id: "LightweightM2M-1.2-int-11",
    title: "Client Initiated Bootstrap, OSCORE",
    versions: ["1.2"],
    clauses: ["LwM2M Core 1.2.2 §6.1.7", "RFC 8613 §8.1", "RFC 9175 §2.4"],
    missing: "OSCORE",
    criteria: {
      echo: "the first Bootstrap-Request under OSCORE is challenged with Echo",
      write: "Writes of /0, /21 and /1 under OSCORE hold the account of C.24",
      finish: "Finish is the last request",
    },
    steps: ["the client sends Bootstrap-Request under OSCORE", FLOW[1]],
  }),
  plannedBootstrapServerCase({
    id: "LightweightM2M-1.2-int-19",
    title: "Client Initiated Bootstrap over MQTT",
    versions: ["1.2"],
    clauses: ["LwM2M Core 1.2.2 §6.1.7", "LwM2M Transport 1.2.2 §8.3"],
    missing: "MQTT",
    criteria: {
      request: "a Bootstrap-Request that is published is answered by 2.04",
      write: "four Writes hold the account of C.26",
      finish: "Finish is the last request",
    },
    steps: [
      "the client subscribes to its topic and publishes Bootstrap-Request",
      "the server writes /0, /1, /23 and /24, discovers and finishes",
    ],
  }),
];
