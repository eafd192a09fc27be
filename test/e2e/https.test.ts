/** HTTPS and certificates over real sockets, judged by Node's TLS, curl and OpenSSL. */
import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { Hono } from "hono";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { HttpSide } from "../../connector/adapters/http-side.ts";
import { CertificateAuthority } from "../../connector/certificates/authority.ts";
import { MemorySecrets } from "../../connector/certificates/secrets.ts";
import { DeviceConnector, type HttpsSettings } from "../../connector/device-connector.ts";
import type { RestApp } from "../../connector/rest/context.ts";
import { LmdbStore } from "../../connector/store/lmdb-store.ts";
import { RunningCommand } from "./support/command.ts";

const SLOW_MACHINE = 60_000;
vi.setConfig({ testTimeout: SLOW_MACHINE, hookTimeout: SLOW_MACHINE });

const HAS_CURL = spawnSync("curl", ["--version"]).status === 0;
const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;

const folder = mkdtempSync(join(tmpdir(), "dormouse-https-"));

afterAll(() => rmSync(folder, { recursive: true }));

function start(data: string, https: HttpsSettings = { port: 0 }): Promise<DeviceConnector> {
  return DeviceConnector.start({
    store: new LmdbStore(join(data, "store")),
    secretsFolder: join(data, "secrets"),
    host: "127.0.0.1",
    httpPort: 0,
    https,
    coapPort: 0,
    product: "Dormouse over HTTPS",
    log: () => {},
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Absent means that no certificate is looked at. */
  readonly ca?: string;
}

function ask(url: string, { method = "GET", headers, body, ca }: Ask = {}): Promise<Answer> {
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false, ca, rejectUnauthorized: ca !== undefined };
    const request = send(url, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

function portOf(url: string | undefined): number {
  return Number(new URL(url ?? "").port);
}

/** The certificate that a server shows. */
function shownBy(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate() as X509Certificate);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

function run(program: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, args);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.on("close", () => resolve(output));
    // It may have ended without reading.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

describe("a connector that certifies itself", () => {
  const data = join(folder, "self");
  const ca = join(folder, "ca.pem");
  let connector: DeviceConnector;
  let https: string;
  let caPem: string;
  let authorization: { authorization: string };

  beforeAll(async () => {
    connector = await start(data);
    https = connector.httpsUrl ?? "";
    authorization = { authorization: `Bearer ${connector.access.createFirstKey().key}` };
    caPem = (await ask(`${https}/api/ca.pem`)).text;
    writeFileSync(ca, caPem);
  });

  afterAll(() => connector.close());

  test("answers over HTTPS what it answers over HTTP", async () => {
    expect(https).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    for (const path of ["/", "/v2/endpoints", "/v2/nothing", "/v2/notification/pull?noWait=true"]) {
      const secure = await ask(`${https}${path}`, { headers: authorization });
      const plain = await ask(`${connector.httpUrl}${path}`, { headers: authorization });
      expect([path, secure.status, secure.text]).toEqual([path, plain.status, plain.text]);
    }
    expect((await ask(`${https}/v2/endpoints`)).status).toBe(401);
  });

  test("is trusted under its names by who trusts its authority, and by nobody else", async () => {
    const port = portOf(https);
    for (const name of ["localhost", "127.0.0.1"]) {
      expect((await ask(`https://${name}:${port}/`, { ca: caPem })).status).toBe(200);
    }
    const stranger = await CertificateAuthority.open(new MemorySecrets(), Date.now());
    await expect(ask(`${https}/`, { ca: stranger.certificate })).rejects.toThrow(/certificate/);
  });

  test("speaks TLS 1.2 and 1.3, and nothing older", async () => {
    const versionWith = (version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3") =>
      new Promise<string | null>((resolve) => {
        const socket: TLSSocket = connectTls(
          {
            host: "127.0.0.1",
            port: portOf(https),
            rejectUnauthorized: false,
            minVersion: version,
            maxVersion: version,
            ciphers: "DEFAULT:@SECLEVEL=0",
          },
          () => {
            resolve(socket.getProtocol());
            socket.destroy();
          },
        );
        socket.on("error", () => resolve(null));
      });
    expect(await versionWith("TLSv1.3")).toBe("TLSv1.3");
    expect(await versionWith("TLSv1.2")).toBe("TLSv1.2");
    expect(await versionWith("TLSv1.1")).toBeNull();
  });

  test("goes on after clients that speak no TLS", async () => {
    for (const bytes of ["GET / HTTP/1.1\r\nhost: x\r\n\r\n", "\x16\x03\x01", "\0".repeat(4096)]) {
      await new Promise<void>((resolve) => {
        const socket = connectTcp(portOf(https), "127.0.0.1", () => socket.end(bytes));
        socket.on("error", () => {});
        socket.on("close", () => resolve());
        socket.resume();
      });
    }
    expect((await ask(`${https}/`)).status).toBe(200);
  });

  test("keeps authority and certificate over a restart, readable by its owner alone", async () => {
    const other = join(folder, "again");
    const before = await start(other);
    const shown = await shownBy(portOf(before.httpsUrl));
    await before.close();
    for (const name of ["certificate-authority.pem", "server-certificate.pem"]) {
      expect(statSync(join(other, "secrets", name)).mode & 0o777).toBe(0o600);
    }
    const after = await start(other);
    expect((await shownBy(portOf(after.httpsUrl))).fingerprint256).toBe(shown.fingerprint256);
    await after.close();
    expect((await shownBy(portOf(https))).fingerprint256).not.toBe(shown.fingerprint256);
  });

  test("stops although somebody has opened a connection and says nothing", async () => {
    const stopped = await start(join(folder, "stopped"));
    const socket = connectTcp(portOf(stopped.httpsUrl), "127.0.0.1");
    await new Promise((resolve) => socket.on("connect", resolve));
    socket.on("error", () => {});
    const isCutOff = new Promise((resolve) => socket.on("close", resolve));
    await stopped.close();
    await isCutOff;
    // Short of the 10 s that a handshake may take.
  }, 8000);

  describe.skipIf(!HAS_CURL)("for curl", () => {
    const bearer = () => `Authorization: ${authorization.authorization}`;

    test("-k is enough, as in the documents of the original services", async () => {
      expect(await run("curl", ["-sk", "-H", bearer(), `${https}/v2/endpoints`])).toBe("[]");
    });

    test("--cacert with what GET /api/ca.pem gives makes -k needless", async () => {
      const url = `https://localhost:${portOf(https)}/v2/rest-versions`;
      expect(await run("curl", ["-s", "--cacert", ca, "-H", bearer(), url])).toBe('["v1","v2"]');
      expect(await run("curl", ["-s", "-H", bearer(), "-w", "%{http_code}", url])).toBe("000");
    });

    test("a certificate is ordered with line ends in the JSON, and security.h saved", async () => {
      const pem = await run("sh", [
        "-c",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout",
      ]);
      const order = join(folder, "order.json");
      const publickey = pem.slice(pem.indexOf("-----")).trim().replaceAll("\n", "\r\n    ");
      writeFileSync(order, `{ "domain": "default",\r\n "publickey": "${publickey}" }`);
      const args = ["-sk", "-H", bearer(), "--data-binary", `@${order}`, `${https}/api/cert`];
      expect(Object.keys(JSON.parse(await run("curl", args)))).toHaveLength(4);
      const header = ["-skOJ", "--output-dir", folder, "-X", "POST", "-H", bearer()];
      await run("curl", [...header, `${https}/api/security.h`]);
      expect(statSync(join(folder, "security.h")).size).toBeGreaterThan(1000);
    });
  });

  describe.skipIf(!HAS_OPENSSL)("for OpenSSL", () => {
    test("the server's certificate is verified by s_client", async () => {
      const where = `127.0.0.1:${portOf(https)}`;
      const args = ["s_client", "-connect", where, "-CAfile", ca, "-verify_return_error"];
      const output = await run("openssl", [...args, "-verify_ip", "127.0.0.1"]);
      expect(output).toContain("Verify return code: 0 (ok)");
    });

    test("a device's certificate is verified as a client's, until it is revoked", async () => {
      const device = await newDevice();
      const file = join(folder, "device.pem");
      writeFileSync(file, device.cert);
      const verify = ["verify", "-x509_strict", "-CAfile", ca, "-purpose"];
      expect(await run("openssl", [...verify, "sslclient", file])).toContain("OK");
      expect(await run("openssl", [...verify, "sslserver", file])).toContain("purpose");
      const text = await run("openssl", ["x509", "-in", file, "-noout", "-text"]);
      expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
      expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
      expect(text).toMatch(/Extended Key Usage: \n\s+TLS Web Client Authentication/);
      expect(text).toContain("NIST CURVE: P-256");

      const { ledger } = connector.certificates;
      ledger.revoke(Date.now(), new X509Certificate(device.cert).serialNumber, undefined);
      const list = join(folder, "list.pem");
      writeFileSync(list, await connector.certificates.revocationList());
      const checked = ["verify", "-crl_check", "-CAfile", ca, "-CRLfile", list, file];
      expect(await run("openssl", checked)).toContain("certificate revoked");
    });
  });

  /** A device's key and certificate out of a fresh security.h. */
  async function newDevice(): Promise<{ key: string; cert: string }> {
    const url = `${https}/api/security.h`;
    const { text } = await ask(url, { method: "POST", headers: authorization, ca: caPem });
    const arrayOf = (name: string) => {
      const start = text.indexOf(` ${name}[] = `);
      const literals = text.slice(start, text.indexOf(";", start)).match(/"[^"]*"/g) ?? [];
      return literals.map((literal) => JSON.parse(literal)).join("");
    };
    return { key: arrayOf("KEY"), cert: arrayOf("CERT") };
  }

  test("a device shows its certificate in TLS, until it is revoked", async () => {
    const [good, revoked] = [await newDevice(), await newDevice()];
    const { ledger } = connector.certificates;
    ledger.revoke(Date.now(), new X509Certificate(revoked.cert).serialNumber, undefined);
    const crl = await connector.certificates.revocationList();
    const own = await shownTo({ ca: caPem, crl }, good);
    const endpoint = ledger.find(new X509Certificate(good.cert).serialNumber)?.endpointName;
    expect(own).toBe(endpoint);
    expect(await shownTo({ ca: caPem, crl }, revoked)).toBe("CERT_REVOKED");
    expect(await shownTo({ ca: caPem }, revoked)).toBe(
      ledger.find(new X509Certificate(revoked.cert).serialNumber)?.endpointName,
    );
    const stranger = await CertificateAuthority.open(new MemorySecrets(), Date.now());
    expect(await shownTo({ ca: stranger.certificate }, good)).toMatch(/UNABLE|SELF/);
  });

  /** The common name that a server of mutual TLS sees, or why it does not trust it. */
  async function shownTo(
    trust: { ca: string; crl?: string },
    device: { key: string; cert: string },
  ): Promise<string> {
    const own = await connector.certificates.authority();
    const pair = await own.signServer(Date.now(), ["localhost"]);
    const options = { ...pair, ...trust, requestCert: true, rejectUnauthorized: false };
    return new Promise((resolve, reject) => {
      const server = createTlsServer(options, (socket) => {
        const error = socket.authorizationError as Error | string | undefined;
        resolve(socket.authorized ? `${socket.getPeerCertificate().subject.CN}` : `${error}`);
        socket.destroy();
        server.close();
      });
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        const client = connectTls({
          port,
          host: "127.0.0.1",
          ...device,
          rejectUnauthorized: false,
        });
        client.on("error", reject);
        client.on("close", () => client.destroy());
      });
    });
  }
});

describe("with --http-redirect, HTTP", () => {
  let connector: DeviceConnector;

  beforeAll(async () => {
    connector = await start(join(folder, "redirect"), { port: 0, redirectHttp: true });
  });

  afterAll(() => connector.close());

  test("sends every method to the same on HTTPS, key or no key", async () => {
    const path = "/v2/endpoints/a%20b/3/0/0?cacheOnly=true";
    for (const method of ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]) {
      const { status, headers } = await ask(`${connector.httpUrl}${path}`, { method });
      expect([method, status, headers.location]).toEqual([
        method,
        301,
        `${connector.httpsUrl}${path}`,
      ]);
    }
  });

  test("does not wait for a body, and does nothing", async () => {
    const keys = connector.access.keys.size;
    const { key } = connector.access.createFirstKey();
    const { status } = await ask(`${connector.httpUrl}/api/api_tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-length": "10" },
      body: '{"name":""',
    });
    expect(status).toBe(301);
    expect(connector.access.keys.size).toBe(keys + 1);
  });

  test("refuses a credential in the URL instead of passing it on", async () => {
    const { status, headers, text } = await ask(
      `${connector.httpUrl}/customer?access_token=canary`,
    );
    expect([status, headers.location]).toEqual([403, undefined]);
    expect(text).not.toContain("canary");
  });

  test.skipIf(!HAS_CURL)("is followed by curl", async () => {
    expect(await run("curl", ["-skL", `${connector.httpUrl}/`])).toContain("REST version");
  });
});

describe("a certificate that is renewed while the server runs", () => {
  afterEach(() => vi.useRealTimers());

  test("is used from then on; one that cannot be used leaves the old one", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const authority = await CertificateAuthority.open(new MemorySecrets(), Date.now());
    const [first, second] = await Promise.all(
      [1, 2].map(() => authority.signServer(Date.now(), ["localhost"])),
    );
    let current = () => Promise.resolve(first);
    const lines: string[] = [];
    const side = await HttpSide.open({
      app: new Hono() as unknown as RestApp,
      host: "127.0.0.1",
      httpPort: 0,
      https: { port: 0, source: { current: () => current() }, redirectHttp: false },
      log: (line) => lines.push(line),
    });
    const shown = async () => (await shownBy(side.httpsPort ?? 0)).fingerprint256;
    const hour = () => vi.advanceTimersByTimeAsync(60 * 60 * 1000);
    const fingerprintOf = ({ cert }: { cert: string }) => new X509Certificate(cert).fingerprint256;
    try {
      await hour();
      expect(await shown()).toBe(fingerprintOf(first));
      current = () => Promise.reject(new Error("damaged"));
      await hour();
      expect(await shown()).toBe(fingerprintOf(first));
      current = () => Promise.resolve(second);
      await hour();
      expect(await shown()).toBe(fingerprintOf(second));
      expect(lines).toEqual([
        "The certificate of the HTTPS port was not renewed: damaged",
        "The certificate of the HTTPS port was renewed.",
      ]);
    } finally {
      await side.close();
    }
  });
});

describe("dormouse connector", () => {
  const ports = ["--http-port", "0", "--coap-port", "0"];
  const commands: RunningCommand[] = [];

  afterAll(() => Promise.all(commands.map((command) => command.stop("SIGKILL"))));

  function connector(...options: string[]): RunningCommand {
    const data = mkdtempSync(join(folder, "command-"));
    const command = new RunningCommand(["connector", "--data", data, ...ports, ...options]);
    commands.push(command);
    return command;
  }

  test("names the HTTPS URL in its line of JSON, and uses the files it is given", async () => {
    const authority = await CertificateAuthority.open(new MemorySecrets(), Date.now());
    const { key, cert } = await authority.signServer(Date.now(), ["127.0.0.1"]);
    const [certFile, keyFile] = [join(folder, "own-cert.pem"), join(folder, "own-key.pem")];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    const tls = ["--https-port", "0", "--tls-cert", certFile, "--tls-key", keyFile];
    const command = connector("--json", ...tls);
    const ready = JSON.parse(await command.line(/^\{/));
    expect(Object.keys(ready)).toEqual(["http", "https", "coap"]);
    expect((await ask(`${ready.https}/`, { ca: authority.certificate })).status).toBe(200);
    expect(await command.stop("SIGTERM")).toBe(0);
  });

  test("says in one line what is wrong with its options, and ends with 1", async () => {
    const busy = createTcpServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => busy.on("listening", resolve));
    const { port } = busy.address() as AddressInfo;
    const wrong: [string[], RegExp][] = [
      [["--http-redirect"], /^--http-redirect needs --https-port\.$/],
      [["--https-port", "0", "--tls-cert", "x"], /^--tls-cert and --tls-key go together/],
      [["--tls-cert", "x", "--tls-key", "y"], /^--tls-cert needs --https-port\.$/],
      [
        ["--https-port", "0", "--tls-cert", "x", "--tls-key", "y"],
        /^x cannot be read: there is no/,
      ],
      [["--https-port", `${port}`], /^HTTPS port \d+ of 127\.0\.0\.1 is in use.*--https-port\.$/],
    ];
    await Promise.all(
      wrong.map(async ([options, reason]) => {
        const command = connector(...options);
        expect(await command.end()).toBe(1);
        expect(command.stderr.trim()).toMatch(reason);
        expect(command.stdout).toBe("");
      }),
    );
    busy.close();
  });
});
