/** Where the key and the certificate of an HTTPS server come from: files of the operator, or the connector's own authority. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { createSecureContext } from "node:tls";
import type { CertifiedKey } from "../certificates/authority.ts";

export interface TlsSource {
  /**
   * What to use now. Asked again from time to time, it answers with something else when that was renewed.
   *
   * Rejects with `tls/unusable`, its message fit for the operator.
   */
  current(calendarNow: number): Promise<CertifiedKey>;
}

/** Names of the machine's own that one certificate lists at most. */
const MOST_NAMES = 64;

/** A certificate, followed by those between it and its root if there are any, and its key: both in PEM. */
export class TlsFiles implements TlsSource {
  private readonly certFile: string;
  private readonly keyFile: string;
  private readonly log: (line: string) => void;

  /** @param log is told when the certificate is out of its time, which is not refused: the clock may be wrong */
  constructor(certFile: string, keyFile: string, log: (line: string) => void) {
    this.certFile = certFile;
    this.keyFile = keyFile;
    this.log = log;
  }

  async current(calendarNow: number): Promise<CertifiedKey> {
    const cert = readText(this.certFile);
    const key = readText(this.keyFile);
    const certificate = readCertificate(this.certFile, cert);
    if (!certificate.checkPrivateKey(readKey(this.keyFile, key))) {
      throw unusable(
        `The key in ${this.keyFile} does not belong to the first certificate in ${this.certFile}.`,
      );
    }
    try {
      createSecureContext({ cert, key });
    } catch (error) {
      throw unusable(`${this.certFile} cannot be used for TLS: ${(error as Error).message}.`);
    }
    this.warn(certificate, calendarNow);
    return { cert, key };
  }

  private warn(certificate: X509Certificate, calendarNow: number): void {
    if (Date.parse(certificate.validTo) < calendarNow) {
      this.log(`The certificate in ${this.certFile} ended at ${certificate.validTo}.`);
    } else if (Date.parse(certificate.validFrom) > calendarNow) {
      this.log(`The certificate in ${this.certFile} begins only at ${certificate.validFrom}.`);
    }
  }
}

/** What clients may call this machine: its name, loopback, and the address to listen at, or all of its addresses when that is all. */
export function serverNames(host: string): string[] {
  const names = new Set(["localhost", "127.0.0.1", "::1"]);
  const machine = hostname();
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62})$/.test(machine)) names.add(machine);
  if (host !== "0.0.0.0" && host !== "::") names.add(host);
  else {
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address, scopeid } of addresses ?? []) {
        // An address of one link means another machine on another link.
        if ((scopeid ?? 0) === 0) names.add(address);
      }
    }
  }
  return [...names].slice(0, MOST_NAMES);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unusable(`${file} cannot be read: ${READ_FAILURES[code ?? ""] ?? code}.`);
  }
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "its owner does not allow it",
  EISDIR: "it is a folder",
};

function readCertificate(file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw unusable(`${file} holds no certificate in PEM.`);
  }
}

function readKey(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // As both forms say it: BEGIN ENCRYPTED PRIVATE KEY, and Proc-Type: 4,ENCRYPTED.
    if (pem.includes("ENCRYPTED")) {
      throw unusable(
        `The key in ${file} is encrypted: take its passphrase off, as with openssl pkey -in ${file} -out FILE.`,
      );
    }
    throw unusable(`${file} holds no private key in PEM.`);
  }
}

function unusable(message: string): Error {
  return Object.assign(new Error(message), { code: "tls/unusable" });
}
