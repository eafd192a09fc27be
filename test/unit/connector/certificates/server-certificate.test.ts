import { createPrivateKey, X509Certificate } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { CertificateAuthority } from "../../../../connector/certificates/authority.ts";
import { MemorySecrets, type Secrets } from "../../../../connector/certificates/secrets.ts";
import { ServerCertificate } from "../../../../connector/certificates/server-certificate.ts";

const NOW = Date.UTC(2026, 5, 1);
const DAY = 24 * 60 * 60 * 1000;
const NAMES = ["localhost", "127.0.0.1", "::1", "box.local"];
const FILE = "server-certificate.pem";

let secrets: Secrets;

beforeEach(() => {
  secrets = new MemorySecrets();
});

function current(now = NOW, names = NAMES) {
  const authority = () => CertificateAuthority.open(secrets, NOW);
  return new ServerCertificate(secrets, authority, names).current(now);
}

test("it is for a server of these names, by the authority, with its key, for 397 days", async () => {
  const { key, cert } = await current();
  const certificate = new X509Certificate(cert);
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect((await CertificateAuthority.open(secrets, NOW)).hasSigned(certificate)).toBe(true);
  expect(certificate.subjectAltName).toBe(
    "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:box.local",
  );
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(certificate.ca).toBe(false);
  expect(Date.parse(certificate.validTo)).toBe(NOW + 397 * DAY);
});

test("it is kept while it is good, also under some of its names", async () => {
  const made = await current();
  expect(await current(NOW + 366 * DAY)).toEqual(made);
  expect(await current(NOW, ["127.0.0.1"])).toEqual(made);
});

test("it is renewed 30 days before its end, and for a name that it lacks", async () => {
  const made = await current();
  expect(await current(NOW + 366 * DAY)).toEqual(made);
  const renewed = await current(NOW + 367 * DAY);
  expect(renewed.cert).not.toBe(made.cert);
  expect(renewed.key).not.toBe(made.key);
  for (const name of ["other.local", "192.0.2.1"]) {
    const other = await current(NOW, [...NAMES, name]);
    expect(new X509Certificate(other.cert).subjectAltName).toContain(name);
  }
});

test("it is made anew when its file is damaged, or is of another authority", async () => {
  const made = await current();
  for (const damage of [
    "",
    "nonsense",
    made.cert,
    made.key,
    `${made.key}${made.cert.slice(0, 99)}`,
  ]) {
    secrets.write(FILE, damage);
    expect((await current()).cert).not.toBe(made.cert);
  }
  const other = new MemorySecrets();
  other.write(FILE, secrets.read(FILE) as string);
  const before = secrets;
  secrets = other;
  const certificate = new X509Certificate((await current()).cert);
  expect((await CertificateAuthority.open(before, NOW)).hasSigned(certificate)).toBe(false);
});

test("it does not outlive the authority", async () => {
  const { notAfter } = await CertificateAuthority.open(secrets, NOW);
  const { cert } = await current(notAfter - 100 * DAY);
  expect(Date.parse(new X509Certificate(cert).validTo)).toBe(notAfter);
  await expect(current(notAfter)).rejects.toMatchObject({ code: "certificates/authority-ended" });
});
