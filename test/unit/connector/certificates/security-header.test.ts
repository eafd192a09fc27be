import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { CertificateAuthority } from "../../../../connector/certificates/authority.ts";
import { newDeviceKey } from "../../../../connector/certificates/device-key.ts";
import { MemorySecrets } from "../../../../connector/certificates/secrets.ts";
import { securityHeader } from "../../../../connector/certificates/security-header.ts";

const NOW = Date.UTC(2026, 5, 1);

/** What a C compiler makes of an array: the adjacent string literals, joined. */
function arrayOf(header: string, name: string): string {
  const start = header.indexOf(`const uint8_t ${name}[] = `);
  const end = header.indexOf(";", start);
  const literals = header.slice(start, end).match(/"([^"]*)"/g) ?? [];
  return literals.map((literal) => JSON.parse(literal)).join("");
}

test("it has the macros and arrays of the original, PEM with CRLF that tools read back", async () => {
  const authority = await CertificateAuthority.open(new MemorySecrets(), NOW);
  const { publicKey, privateKey } = await newDeviceKey();
  const certificate = await authority.signDevice(NOW, {
    endpointName: "7f0c6a6e-0000-4000-8000-000000000001",
    domainId: "default",
    serial: "40".repeat(16),
    spki: publicKey.spki,
    notAfter: NOW + 1000,
  });
  const header = securityHeader({
    domain: "default",
    endpointName: "7f0c6a6e-0000-4000-8000-000000000001",
    serverCertificate: authority.certificate,
    deviceCertificate: certificate,
    privateKey,
  });
  expect(header).toContain('#define MBED_DOMAIN "default"\n');
  expect(header).toContain('#define MBED_ENDPOINT_NAME "7f0c6a6e-0000-4000-8000-000000000001"\n');
  expect(header.match(/^#.*$/gm)?.map((line) => line.split(" ")[0])).toEqual([
    "#ifndef",
    "#define",
    "#include",
    "#define",
    "#define",
    "#endif",
  ]);
  const key = arrayOf(header, "KEY");
  expect(key).toMatch(
    /^-----BEGIN PRIVATE KEY-----\r\n[A-Za-z0-9+/=\r\n]*-----END PRIVATE KEY-----\r\n$/,
  );
  const device = new X509Certificate(arrayOf(header, "CERT"));
  expect(device.checkPrivateKey(createPrivateKey(key))).toBe(true);
  const server = new X509Certificate(arrayOf(header, "SERVER_CERT"));
  expect(device.verify(server.publicKey)).toBe(true);
});
