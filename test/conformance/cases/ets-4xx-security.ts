/** ETS 1.2 group 400-499, Security: what the harness cannot run before it has secure transports. */
import { CERTIFICATE_ACCOUNT, OSCORE_ACCOUNT, PSK_ACCOUNT, TCP_ACCOUNT } from "../accounts.ts";
import { type ConformanceCase, plannedCase, type Version } from "../case.ts";

const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];

export const SECURITY_CASES: readonly ConformanceCase[] = [
  plannedCase({
    id: "LightweightM2M-1.1-int-401",
    title: "UDP Channel Security, pre-shared key",
    versions: ["1.0", "1.1", "1.2"],
    clauses: ["LwM2M Transport 1.1.1 §5", "LwM2M Core 1.1.1 §E.1"],
    configuration: PSK_ACCOUNT,
    needs: { missing: "DTLS" },
    criteria: {
      handshake: "the DTLS handshake with identity and key of the account succeeds",
      register: "Register comes over it and is answered by 2.01",
      read: "Read of /3/0 as TLV is answered by 2.05 over it",
    },
    steps: [
      "the client is switched on and makes a DTLS handshake with the pre-shared key of /0/0",
      "the client registers; the server answers 2.01",
      "the server reads /3/0 with Accept 11542",
    ],
  }),
  plannedCase({
    id: "LightweightM2M-1.1-int-402",
    title: "UDP Channel Security, certificate",
    versions: SINCE_1_1,
    clauses: ["LwM2M Transport 1.1.1 §5", "LwM2M Core 1.1.1 §E.1"],
    configuration: CERTIFICATE_ACCOUNT,
    needs: { missing: "DTLS" },
    criteria: {
      handshake: "the DTLS handshake with certificates on both sides succeeds",
      register: "Register comes over it and is answered by 2.01",
      read: "Read of /3/0 as TLV is answered by 2.05 over it",
    },
    correction: "from LwM2M 1.1 on; the id is also printed as one of 1.0",
    steps: [
      "the client is switched on and makes a DTLS handshake with its certificate",
      "the client registers; the server answers 2.01",
      "the server reads /3/0 with Accept 11542",
    ],
  }),
  plannedCase({
    id: "LightweightM2M-1.1-int-403",
    title: "UDP Channel Security, certificate of another host",
    versions: SINCE_1_1,
    clauses: ["LwM2M Transport 1.1.1 §5", "LwM2M Core 1.1.1 §E.1"],
    configuration: { ...CERTIFICATE_ACCOUNT, name: "C.18" },
    needs: { missing: "DTLS" },
    criteria: {
      refused: "the client ends the handshake, since the certificate names another host",
      silent: "no Register comes",
    },
    steps: [
      "the account's URI is coaps://server-fail.example.com; the server has a certificate for server.example.com",
      "the client is switched on; the handshake fails",
    ],
  }),
  plannedCase({
    id: "LightweightM2M-1.1-int-404",
    title: "TCP Channel Security, certificate",
    versions: SINCE_1_1,
    clauses: ["LwM2M Transport 1.1.1 §5", "LwM2M Transport 1.1.1 §6.2"],
    configuration: { ...TCP_ACCOUNT, name: "C.19" },
    needs: { missing: "TLS over TCP" },
    criteria: {
      handshake: "the TLS handshake with certificates succeeds, with bootstrap server and server",
      csm: "both sides begin with CSM",
      bootstrap: "the bootstrap sequence ends with 2.04",
      register: "Register with b=T comes over it and is answered by 2.01",
      read: "Read of /3/0 is answered by 2.05",
    },
    steps: [
      "the client connects to the bootstrap server over TCP with TLS, both send CSM",
      "the client bootstraps, then connects to the server in the same way",
      "the client registers; the server reads /3/0",
    ],
  }),
  plannedCase({
    id: "LightweightM2M-1.1-int-405",
    title: "OSCORE",
    versions: SINCE_1_1,
    clauses: ["RFC 8613 §4.1.3", "RFC 8613 §8.1", "LwM2M Transport 1.1.1 §5"],
    configuration: OSCORE_ACCOUNT,
    needs: { missing: "OSCORE" },
    correction: "with C.22, where C.19 is printed; its salt is a salt, not the master secret",
    criteria: {
      register: "Register comes with the OSCORE option, POST outside and a ciphertext as payload",
      read: "so does the answer to Read of /3/0, with 2.04 outside and 2.05 within",
    },
    steps: [
      "the client is switched on and registers under OSCORE; the server answers 2.01 within",
      "the server reads /3/0 under OSCORE",
    ],
  }),
  plannedCase({
    id: "LightweightM2M-1.1-int-406",
    title: "TCP Channel Security, pre-shared key",
    versions: SINCE_1_1,
    clauses: ["LwM2M Transport 1.1.1 §5", "LwM2M Transport 1.1.1 §6.2"],
    configuration: { ...TCP_ACCOUNT, name: "C.20" },
    needs: { missing: "TLS over TCP" },
    criteria: {
      handshake:
        "the TLS handshake with pre-shared keys succeeds, with bootstrap server and server",
      csm: "both sides begin with CSM",
      bootstrap: "the bootstrap sequence ends with 2.04",
      register: "Register with b=T comes over it and is answered by 2.01",
      read: "Read of /3/0 is answered by 2.05",
    },
    steps: [
      "the client connects to the bootstrap server over TCP with TLS and its key, both send CSM",
      "the client bootstraps, then connects to the server in the same way",
      "the client registers; the server reads /3/0",
    ],
  }),
];
