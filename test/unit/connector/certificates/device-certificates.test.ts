import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type DeviceCertificate,
  DeviceCertificates,
  isLedgerRefusal,
} from "../../../../connector/certificates/device-certificates.ts";
import { newDeviceKey } from "../../../../connector/certificates/device-key.ts";
import { isPemRefusal, readPem } from "../../../../connector/certificates/pem.ts";
import { MemorySecrets, type Secrets } from "../../../../connector/certificates/secrets.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

const NOW = Date.UTC(2026, 5, 1);
const DAY = 24 * 60 * 60 * 1000;

const { publicKey } = await newDeviceKey();

let store: MemoryStore;
let secrets: Secrets;
let certificates: DeviceCertificates;
let now: number;

beforeEach(() => {
  now = NOW;
  store = new MemoryStore();
  secrets = new MemorySecrets();
  certificates = given();
});

function given(): DeviceCertificates {
  return new DeviceCertificates({
    secrets,
    table: store.table("certificates"),
    calendarNow: () => now,
    limits: { perDay: 3, total: 10 },
  });
}

async function issue(issuedBy = "key-1"): Promise<DeviceCertificate> {
  const issued = await certificates.issue({ domainId: "default", issuedBy, publicKey });
  if (isLedgerRefusal(issued)) throw new Error(issued.kind);
  return issued;
}

test("a certificate has a new endpoint name each time, one that the REST API's paths can hold", async () => {
  const [one, other] = [await issue(), await issue()];
  expect(one.row.endpointName).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(one.row.endpointName).not.toBe(other.row.endpointName);
  expect(one.row.serial).not.toBe(other.row.serial);
});

test("what is on record is what the certificate says", async () => {
  const { row, deviceCertificate, serverCertificate } = await issue();
  const certificate = new X509Certificate(deviceCertificate);
  expect(certificate.subject).toBe(`O=${row.domainId}\nCN=${row.endpointName}`);
  expect(certificate.serialNumber.toLowerCase()).toBe(row.serial);
  expect(Date.parse(certificate.validTo)).toBe(row.notAfter);
  expect(row).toMatchObject({ issuedBy: "key-1", issuedAt: NOW, domainId: "default" });
  const authority = await certificates.authority();
  expect(row.authorityKeyId).toBe(authority.keyId);
  expect(serverCertificate).toBe(authority.certificate);
  expect(certificate.verify(new X509Certificate(serverCertificate).publicKey)).toBe(true);
  expect([...store.table("certificates").entries()]).toEqual([[row.serial, row]]);
});

test("a key on another curve is certified as it is, where it was read", async () => {
  for (const curve of ["secp256k1", "brainpoolP256r1"] as const) {
    const pair = generateKeyPairSync("ec", { namedCurve: curve });
    const spki = new Uint8Array(pair.publicKey.export({ format: "der", type: "spki" }));
    const order = { domainId: "default", issuedBy: curve, publicKey: { curve, spki } };
    const issued = (await certificates.issue(order)) as DeviceCertificate;
    const certificate = new X509Certificate(issued.deviceCertificate);
    expect(certificate.checkPrivateKey(pair.privateKey)).toBe(true);
    expect((await certificates.authority()).hasSigned(certificate)).toBe(true);
  }
});

test("orders at the same moment do not pass the quota together", async () => {
  const orders = Array.from({ length: 20 }, () =>
    certificates.issue({ domainId: "default", issuedBy: "key-1", publicKey }),
  );
  const refused = (await Promise.all(orders)).filter(isLedgerRefusal);
  expect(refused).toHaveLength(17);
  expect(certificates.ledger.size).toBe(3);
});

test("what could not be signed is off the record, and uses up no quota", async () => {
  for (let i = 0; i < 5; i++) {
    const order = { domainId: "not, a=name", issuedBy: "key-1", publicKey };
    await expect(certificates.issue(order)).rejects.toThrow();
  }
  expect(certificates.ledger.size).toBe(0);
  await issue();
});

test("an authority that could not be opened is tried again", async () => {
  secrets.write("certificate-authority.pem", "damaged");
  await expect(issue()).rejects.toMatchObject({ code: "certificates/bad-authority" });
  secrets.write("certificate-authority.pem", await repaired());
  await issue();
});

async function repaired(): Promise<string> {
  const whole = new MemorySecrets();
  await new DeviceCertificates({
    secrets: whole,
    table: new MemoryStore().table("certificates"),
    calendarNow: () => NOW,
  }).authority();
  return whole.read("certificate-authority.pem") as string;
}

describe("the revocation list", () => {
  test("is a CRL in PEM, and holds the serial numbers of what is revoked", async () => {
    const [good, revoked] = [await issue(), await issue()];
    certificates.ledger.revoke(NOW, revoked.row.serial, undefined);
    const block = readPem(await certificates.revocationList());
    if (isPemRefusal(block)) throw new Error(block.refusal);
    expect(block.label).toBe("X509CRL");
    const hex = Buffer.from(block.der).toString("hex");
    expect(hex).toContain(`0210${revoked.row.serial}`);
    expect(hex).not.toContain(good.row.serial);
  });

  test("is signed again only when something was revoked, or after a day", async () => {
    const [one, other] = [await issue(), await issue()];
    const empty = await certificates.revocationList();
    expect(await certificates.revocationList()).toBe(empty);
    certificates.ledger.revoke(now, one.row.serial, undefined);
    const first = await certificates.revocationList();
    expect(first).not.toBe(empty);
    certificates.ledger.revoke(now, one.row.serial, undefined);
    now += DAY - 1;
    expect(await certificates.revocationList()).toBe(first);
    certificates.ledger.revoke(now, other.row.serial, undefined);
    const second = await certificates.revocationList();
    expect(second).not.toBe(first);
    now += DAY;
    expect(await certificates.revocationList()).not.toBe(second);
  });

  test("that could not be signed is tried again", async () => {
    secrets.write("certificate-authority.pem", "damaged");
    await expect(certificates.revocationList()).rejects.toThrow("damaged");
    secrets.write("certificate-authority.pem", await repaired());
    expect(await certificates.revocationList()).toContain("X509 CRL");
  });

  test("says after a restart what it said before", async () => {
    const { row } = await issue();
    certificates.ledger.revoke(NOW, row.serial, undefined);
    store.commitNow();
    store = store.afterKill();
    certificates = given();
    expect(await certificates.revocationList()).toContain("-----BEGIN X509 CRL-----");
    expect(certificates.ledger.isRevoked(row.serial)).toBe(true);
  });
});
