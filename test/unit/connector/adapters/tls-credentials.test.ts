import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverNames, TlsFiles } from "../../../../connector/adapters/tls-credentials.ts";
import { CertificateAuthority } from "../../../../connector/certificates/authority.ts";
import { MemorySecrets } from "../../../../connector/certificates/secrets.ts";

const NOW = Date.UTC(2026, 5, 1);
const DAY = 24 * 60 * 60 * 1000;

let folder: string;
let authority: CertificateAuthority;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dormouse-tls-"));
  authority = await CertificateAuthority.open(new MemorySecrets(), NOW);
  const { key, cert } = await authority.signServer(NOW, ["localhost"]);
  write("key.pem", key);
  write("cert.pem", cert);
});

afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

async function read(cert: string, key: string, now = NOW) {
  const lines: string[] = [];
  const files = new TlsFiles(join(folder, cert), join(folder, key), (line) => lines.push(line));
  return { pair: await files.current(now), lines };
}

function refusal(cert: string, key: string): Promise<Error> {
  return read(cert, key).then(
    () => Promise.reject(new Error("was read")),
    (error) => error,
  );
}

describe("files of a certificate and its key", () => {
  test("are read as they are, and anew each time", async () => {
    const { pair, lines } = await read("cert.pem", "key.pem");
    expect(pair.cert).toContain("BEGIN CERTIFICATE");
    expect(pair.key).toContain("BEGIN PRIVATE KEY");
    expect(lines).toEqual([]);
    write("chain.pem", `${pair.cert}\n${authority.certificate}\n`);
    const files = new TlsFiles(join(folder, "chain.pem"), join(folder, "key.pem"), () => {});
    expect((await files.current(NOW)).cert).toContain(authority.certificate);
    const renewed = await authority.signServer(NOW + DAY, ["localhost"]);
    write("chain.pem", renewed.cert);
    write("other-key.pem", renewed.key);
    await expect(files.current(NOW)).rejects.toThrow("does not belong");
  });

  test("out of their time are used, and the operator is told", async () => {
    const ended = await read("cert.pem", "key.pem", NOW + 400 * DAY);
    expect(ended.lines).toEqual([expect.stringMatching(/cert\.pem ended at/)]);
    const early = await read("cert.pem", "key.pem", NOW - DAY);
    expect(early.lines).toEqual([expect.stringMatching(/cert\.pem begins only at/)]);
  });
});

describe("what cannot be used is refused by name, with the reason", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

  test("a file that is not there, or is a folder", async () => {
    expect((await refusal("none.pem", "key.pem")).message).toBe(
      `${join(folder, "none.pem")} cannot be read: there is no such file.`,
    );
    expect((await refusal("cert.pem", "none.pem")).message).toContain("none.pem cannot be read");
    expect((await refusal(".", "key.pem")).message).toContain("it is a folder");
  });

  test.skipIf(process.getuid?.() === 0)("a file of somebody else's", async () => {
    write("closed.pem", "");
    chmodSync(join(folder, "closed.pem"), 0);
    expect((await refusal("closed.pem", "key.pem")).message).toContain("does not allow");
  });

  test("a file without a certificate, or without a key", async () => {
    write("text.pem", "hello");
    expect((await refusal("text.pem", "key.pem")).message).toContain("no certificate in PEM");
    expect((await refusal("key.pem", "key.pem")).message).toContain("no certificate in PEM");
    expect((await refusal("cert.pem", "cert.pem")).message).toContain("no private key in PEM");
  });

  test("a key that is encrypted: with the way out", async () => {
    const options = { cipher: "aes-256-cbc", passphrase: "secret" };
    for (const type of ["pkcs8", "sec1"] as const) {
      write("encrypted.pem", privateKey.export({ format: "pem", type, ...options }) as string);
      const { message } = await refusal("cert.pem", "encrypted.pem");
      expect(message).toContain("encrypted.pem is encrypted");
      expect(message).toContain("openssl pkey");
    }
  });

  test("a key of another certificate", async () => {
    write("stranger.pem", privateKey.export({ format: "pem", type: "pkcs8" }) as string);
    const error = await refusal("cert.pem", "stranger.pem");
    expect(error).toMatchObject({ code: "tls/unusable" });
    expect(error.message).toContain("does not belong");
    expect(error.message).not.toContain("BEGIN");
  });
});

describe("the names of this machine", () => {
  test("are loopback always, and the address that is listened at", () => {
    const names = serverNames("192.0.2.1");
    expect(names).toEqual(expect.arrayContaining(["localhost", "127.0.0.1", "::1", "192.0.2.1"]));
    expect(new Set(names).size).toBe(names.length);
    expect(serverNames("127.0.0.1").filter((name) => isIP(name) !== 0)).toEqual([
      "127.0.0.1",
      "::1",
    ]);
  });

  test("are what a certificate can list, also when all addresses are listened at", async () => {
    for (const host of ["0.0.0.0", "::"]) {
      const names = serverNames(host);
      expect(names).not.toContain(host);
      expect((await authority.signServer(NOW, names)).cert).toContain("BEGIN CERTIFICATE");
    }
  });
});
