/** ETS 1.2 cases that judge a server over transports that the harness does not have yet. */
import { plannedServerCase, type ServerCase } from "../server-harness.ts";
import { ALL, ONLY_1_2, SINCE_1_1 } from "./server-expectations.ts";

const OMA = "LightweightM2M-1.1-int-";
const REGISTER = "LwM2M Core 1.1.1 §6.2.1";
const SECURITY = "LwM2M Transport 1.1.1 §5";

const READ_WORDS = "a Read of /3/0 in TLV that was ordered is answered by 2.05, and told";
const READ_STEP = "the operator orders a Read of /3/0 in TLV";

export const SERVER_PLANNED_CASES: readonly ServerCase[] = [
  plannedServerCase({
    id: `${OMA}401`,
    title: "UDP Channel Security, pre-shared key",
    versions: ALL,
    clauses: [SECURITY, REGISTER],
    missing: "DTLS",
    needs: ["read", "formats"],
    criteria: {
      handshake: "the DTLS handshake with the key that both have succeeds",
      created: "Register over DTLS is answered by 2.01",
      read: READ_WORDS,
      refused: "a handshake with another key fails",
    },
    steps: ["the client connects with its key and registers", READ_STEP],
  }),
  plannedServerCase({
    id: `${OMA}402`,
    title: "UDP Channel Security, certificate",
    versions: SINCE_1_1,
    clauses: [SECURITY, REGISTER],
    missing: "DTLS",
    needs: ["read", "formats"],
    criteria: {
      handshake: "the DTLS handshake succeeds, and the server's certificate names its host",
      created: "Register over DTLS is answered by 2.01",
      read: READ_WORDS,
    },
    steps: ["the client connects with its certificate and registers", READ_STEP],
  }),
  plannedServerCase({
    id: `${OMA}403`,
    title: "UDP Channel Security, certificate of a host with another name",
    versions: SINCE_1_1,
    clauses: [SECURITY],
    missing: "DTLS",
    criteria: {
      certificate:
        "the certificate that the server shows is for its own name, which a client of server-fail.example.com must not find in it",
    },
    steps: ["the client connects and looks at the certificate for server-fail.example.com"],
  }),
  plannedServerCase({
    id: `${OMA}404`,
    title: "TCP Channel Security, certificate",
    versions: SINCE_1_1,
    clauses: [SECURITY, "LwM2M Transport 1.1.1 §6.2", "RFC 8323 §5.3"],
    missing: "TLS over TCP",
    needs: ["read", "formats"],
    criteria: {
      handshake: "the TLS handshake succeeds, and the server's certificate names its host",
      signals: "a CSM comes",
      created: "Register with b=T is answered by 2.01",
      read: READ_WORDS,
    },
    steps: ["the client connects by TLS, sends its CSM and registers with b=T", READ_STEP],
  }),
  plannedServerCase({
    id: `${OMA}405`,
    title: "OSCORE",
    versions: ONLY_1_2,
    clauses: ["RFC 8613 §8.2", "RFC 8613 §8.3", REGISTER],
    missing: "OSCORE",
    needs: ["read", "formats"],
    correction: "of configuration C.22, where C.19 is printed",
    criteria: {
      protected:
        "every message of the server's has an OSCORE option and an outer code of 2.04 or POST",
      created: "a protected Register is answered by a protected 2.01",
      read: READ_WORDS,
    },
    steps: ["the client registers under OSCORE", READ_STEP],
  }),
  plannedServerCase({
    id: `${OMA}406`,
    title: "TCP Channel Security, pre-shared key",
    versions: SINCE_1_1,
    clauses: [SECURITY, "LwM2M Transport 1.1.1 §6.2", "RFC 8323 §5.3"],
    missing: "TLS over TCP",
    needs: ["read", "formats"],
    criteria: {
      handshake: "the TLS handshake with the key that both have succeeds",
      signals: "a CSM comes",
      created: "Register with b=T is answered by 2.01",
      read: READ_WORDS,
    },
    steps: ["the client connects by TLS, sends its CSM and registers with b=T", READ_STEP],
  }),
];
