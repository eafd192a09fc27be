import { describe, expect, test } from "vitest";
import { CertificateAuthority } from "../../../../connector/certificates/authority.ts";
import type { RevokedSerial } from "../../../../connector/certificates/revocation-list.ts";
import { MemorySecrets } from "../../../../connector/certificates/secrets.ts";
import { loadX509 } from "../../../../connector/certificates/x509.ts";

const NOW = Date.UTC(2026, 5, 1, 12, 30, 15);
const DAY = 24 * 60 * 60 * 1000;

const x509 = await loadX509();
const authority = await CertificateAuthority.open(new MemorySecrets(), NOW);

/** Reads a list with a reader that is not ours, and checks its signature. */
async function readBack(revoked: readonly RevokedSerial[], now = NOW) {
  const list = new x509.X509Crl(await authority.signRevocationList(now, revoked));
  const certificate = new x509.X509Certificate(authority.certificate);
  expect(await list.verify({ publicKey: certificate })).toBe(true);
  expect(list.issuer).toBe(certificate.subject);
  return list;
}

function entriesOf(list: Awaited<ReturnType<typeof readBack>>): RevokedSerial[] {
  return list.entries.map(({ serialNumber, revocationDate }) => ({
    serial: serialNumber,
    revokedAt: revocationDate.getTime(),
  }));
}

function serialOf(number: number): string {
  return `40${number.toString(16).padStart(30, "0")}`;
}

describe("a list is read as it was written", () => {
  test("without entries, and with so many that lengths take one, two and three bytes", async () => {
    for (const count of [0, 1, 3, 4, 7, 2000]) {
      const revoked = Array.from({ length: count }, (_, i) => ({
        serial: serialOf(i),
        revokedAt: NOW - i * 1000,
      }));
      expect(entriesOf(await readBack(revoked))).toEqual(revoked);
    }
  });

  test("serial numbers stay positive, whatever their first bit", async () => {
    for (const serial of ["01", "7f", "80", "ff", "0100", "80".repeat(16)]) {
      const [entry] = entriesOf(await readBack([{ serial, revokedAt: NOW }]));
      expect(Number.parseInt(entry.serial, 16)).toBe(Number.parseInt(serial, 16));
    }
  });

  test("times before and after 2050", async () => {
    for (const at of [NOW, Date.UTC(2049, 11, 31, 23, 59, 59), Date.UTC(2050, 0, 1)]) {
      const list = await readBack([{ serial: "40", revokedAt: at }], at);
      expect(entriesOf(list)[0].revokedAt).toBe(at);
      expect(list.thisUpdate.getTime()).toBe(at);
      expect(list.nextUpdate?.getTime()).toBe(at + 7 * DAY);
    }
  });
});

test("of two lists the later has the greater number, and both name the authority's key", async () => {
  const numbers: number[] = [];
  for (const now of [NOW, NOW + 1000]) {
    const list = await readBack([], now);
    const { value } = list.getExtension("2.5.29.20") ?? { value: new ArrayBuffer(0) };
    numbers.push(Number.parseInt(Buffer.from(value).toString("hex").slice(4), 16));
    const [authorityKey] = list.getExtensions(x509.AuthorityKeyIdentifierExtension);
    expect(authorityKey.keyId).toBe(authority.keyId);
  }
  expect(numbers).toEqual([NOW / 1000, NOW / 1000 + 1]);
});
