import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  CertificateAuthority,
  type DeviceSubject,
} from "../../../../connector/certificates/authority.ts";
import { newSerial } from "../../../../connector/certificates/contents.ts";
import { newDeviceKey } from "../../../../connector/certificates/device-key.ts";
import { MemorySecrets } from "../../../../connector/certificates/secrets.ts";

const NOW = Date.UTC(2026, 5, 1, 12, 0, 0, 500);
const DAY = 24 * 60 * 60 * 1000;
const YEAR = 365 * DAY;
const FILE = "certificate-authority.pem";

const { publicKey, privateKey } = await newDeviceKey();

function givenAuthority(secrets = new MemorySecrets(), now = NOW) {
  return CertificateAuthority.open(secrets, now);
}

function subject(changes: Partial<DeviceSubject> = {}): DeviceSubject {
  return {
    endpointName: "node-001",
    domainId: "default",
    serial: newSerial(),
    spki: publicKey.spki,
    notAfter: NOW + YEAR,
    ...changes,
  };
}

describe("the authority", () => {
  test("is made once and then taken up again", async () => {
    const secrets = new MemorySecrets();
    const made = await givenAuthority(secrets);
    const found = await givenAuthority(secrets, NOW + YEAR);
    expect(found.certificate).toBe(made.certificate);
    expect(found.keyId).toBe(made.keyId);
    const certificate = new X509Certificate(await found.signDevice(NOW, subject()));
    expect(made.hasSigned(certificate)).toBe(true);
  });

  test("certifies itself for 20 years, for signing certificates and nothing else", async () => {
    const { certificate: pem, notAfter } = await givenAuthority();
    const certificate = new X509Certificate(pem);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    expect(Date.parse(certificate.validTo)).toBe(Math.floor((NOW + 20 * YEAR) / 1000) * 1000);
    expect(notAfter).toBe(Date.parse(certificate.validTo));
    expect(Date.parse(certificate.validFrom)).toBeLessThan(NOW);
  });

  test("has a name of its own, so that two are not mixed up", async () => {
    const [one, other] = await Promise.all([givenAuthority(), givenAuthority()]);
    expect(one.keyId).not.toBe(other.keyId);
    expect(new X509Certificate(one.certificate).subject).not.toBe(
      new X509Certificate(other.certificate).subject,
    );
    const certificate = new X509Certificate(await one.signDevice(NOW, subject()));
    expect(other.hasSigned(certificate)).toBe(false);
  });

  test("that is damaged is not replaced, and the message names it without its key", async () => {
    const secrets = new MemorySecrets();
    await givenAuthority(secrets);
    const kept = secrets.read(FILE) as string;
    const other = new MemorySecrets();
    await givenAuthority(other);
    const [key] = kept.split("\n-----BEGIN CERTIFICATE");
    const certificateOfOther = (other.read(FILE) as string).slice(
      (other.read(FILE) as string).indexOf("-----BEGIN CERTIFICATE"),
    );
    const damages = ["", "nonsense", key, kept.slice(0, -100), `${key}\n${certificateOfOther}`];
    for (const damage of damages) {
      secrets.write(FILE, damage);
      const error = await givenAuthority(secrets).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: "certificates/bad-authority" });
      expect(error.message).toContain(FILE);
      expect(error.message).not.toContain("BEGIN");
      expect(secrets.read(FILE)).toBe(damage);
    }
  });

  test("is not made while the clock is unset, and nothing is kept then", async () => {
    const secrets = new MemorySecrets();
    await expect(givenAuthority(secrets, 0)).rejects.toMatchObject({
      code: "certificates/clock-unset",
      message: expect.stringContaining("1970-01-01"),
    });
    expect(secrets.read(FILE)).toBeUndefined();
  });
});

describe("a device certificate", () => {
  test("says what it was told: name, domain, serial, key and end", async () => {
    const authority = await givenAuthority();
    const asked = subject({ notAfter: authority.deviceNotAfter(NOW) });
    const certificate = new X509Certificate(await authority.signDevice(NOW, asked));
    expect(certificate.subject).toBe("O=default\nCN=node-001");
    expect(certificate.serialNumber.toLowerCase()).toBe(asked.serial);
    expect(certificate.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(Date.parse(certificate.validTo)).toBe(asked.notAfter);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(NOW - 1000);
    expect(authority.hasSigned(certificate)).toBe(true);
  });

  test("is for a client, and can sign nothing", async () => {
    const authority = await givenAuthority();
    const certificate = new X509Certificate(await authority.signDevice(NOW, subject()));
    expect(certificate.ca).toBe(false);
    // TLS Web Client Authentication. Named as Node 20 calls the extended usages.
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  });

  test("lasts ten years, but not longer than the authority", async () => {
    const authority = await givenAuthority();
    expect(authority.deviceNotAfter(NOW)).toBe(Math.floor((NOW + 10 * YEAR) / 1000) * 1000);
    expect(authority.deviceNotAfter(NOW + 15 * YEAR)).toBe(authority.notAfter);
    expect(() => authority.deviceNotAfter(authority.notAfter)).toThrow("end");
  });

  test("takes no name that could mean something in a distinguished name", async () => {
    const authority = await givenAuthority();
    const bad = [
      "",
      "a,CN=b",
      "a+OU=b",
      "a/b",
      'a"b',
      "a\\b",
      "a b",
      "#0c",
      "a\0b",
      "ä",
      "a".repeat(65),
    ];
    for (const name of bad) {
      await expect(authority.signDevice(NOW, subject({ endpointName: name }))).rejects.toThrow();
      await expect(authority.signDevice(NOW, subject({ domainId: name }))).rejects.toThrow();
    }
    const longest = `urn:dev:mac:0024befffe804ff1_-.${"a".repeat(33)}`;
    const certificate = new X509Certificate(
      await authority.signDevice(NOW, subject({ endpointName: longest })),
    );
    expect(certificate.subject).toBe(`O=default\nCN=${longest}`);
  });

  test("carries no key but P-256 in one form, whatever is signed", async () => {
    const authority = await givenAuthority();
    const certificate = new X509Certificate(await authority.signDevice(NOW, subject()));
    const spki = certificate.publicKey.export({ format: "der", type: "spki" });
    expect(new Uint8Array(spki)).toEqual(publicKey.spki);
    expect(createPublicKey(privateKey).export({ format: "der", type: "spki" })).toEqual(spki);
  });
});

test("serial numbers are positive, of one length, and do not come twice", () => {
  const serials = new Set<string>();
  for (let i = 0; i < 10_000; i++) {
    const serial = newSerial();
    expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
    serials.add(serial);
  }
  expect(serials.size).toBe(10_000);
});
