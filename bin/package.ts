/** `dormouse package`: sign what devices install, and look at it. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { basename } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { encodeEnvelope } from "../firmware/update/package-encoder.ts";
import type { Envelope } from "../firmware/update/package-envelope.ts";
import {
  decodeEnvelope,
  EDDSA,
  HMAC_SHA_256,
  HSS_LMS,
} from "../firmware/update/package-envelope.ts";
import { isSigned } from "../firmware/update/package-keys.ts";
import { versionNumbers } from "../firmware/update/version-order.ts";
import { isMalformed } from "../protocol/malformed.ts";
import { fail, hostOption, portOption, stopWithin, untilStopped } from "./daemon.ts";
import type { Scheme } from "./package-keys.ts";
import {
  makeKey,
  readKeyFile,
  SCHEMES,
  signaturesLeft,
  signerOf,
  verifyingKey,
} from "./package-keys.ts";
import { type ServedFile, servedFile, servePackages } from "./package-server.ts";

interface SignOptions {
  key: string;
  vendor: string;
  class: string;
  packageVersion: string;
  output: string;
}

/** Where packages are, beside the CoAP servers' own port. */
const SERVE_PORT = 5700;
/** When fewer signatures are left, it is worth a word. */
const FEW_SIGNATURES = 50;

const HELP = `
A package is a program with a manifest before it: whose devices it is for, which class of
them, which version it is, and its SHA-256, signed. Devices that have the key take nothing
else (docs/firmware-update.md).

Examples:
  dormouse package keygen acme.key
  dormouse package sign app.js --key acme.key --vendor Acme --class meter-2 \\
      --package-version 2.1.0 --output app-2.1.0.pkg
  dormouse package show app-2.1.0.pkg
  dormouse package verify app-2.1.0.pkg --key acme.key
  dormouse package serve app-2.1.0.pkg --host 192.168.1.10
`;

const KEYGEN_HELP = `
Prints what devices get, as "packageKeys" in a board's dormouse.json or --package-key of
dormouse device. The file is for the publisher alone.

  hss-lms       a key pair (RFC 8554). Boards check it in seconds, where Ed25519 takes them
                minutes. It signs 1,024 times, and the file counts: of two copies that
                both sign, the key is worth nothing. Never restore it from a backup.
  ed25519       a key pair, for devices on Node
  hmac-sha256   one secret for both sides: who takes it out of a device can sign for all
`;

export function packageCommand(program: Command): void {
  const group = program
    .command("package")
    .description("sign what devices install, and look at it")
    .addHelpText("after", HELP);
  group
    .command("keygen <file>")
    .description("make a key in a new file, and print what devices get")
    .addOption(new Option("--scheme <scheme>", "of the key").choices(SCHEMES).default("hss-lms"))
    .addHelpText("after", KEYGEN_HELP)
    .action((file: string, { scheme }: { scheme: Scheme }) => orFail(() => keygen(file, scheme)));
  group
    .command("sign <image>")
    .description("make a package of a program")
    .requiredOption("--key <file>", "that keygen has made")
    .requiredOption("--vendor <name>", "whose devices it is for")
    .requiredOption("--class <name>", "which of them: all that run the same program")
    .requiredOption("--package-version <version>", "of the program: 2.1.0", versionOption)
    .requiredOption("--output <file>", "the package")
    .action((image: string, options: SignOptions) => orFail(() => signImage(image, options)));
  group
    .command("verify <package>")
    .description("check that a package is whole and signed; ends with 1 when it is not")
    .requiredOption("--key <file or line>", "that keygen has made, or what it printed")
    .action((file: string, { key }: { key: string }) => orFail(() => verify(file, key)));
  group
    .command("serve <packages...>")
    .description("let devices pull packages over CoAP: coap://HOST:PORT/NAME for /5/0/1")
    .option("--host <address>", "of this machine", hostOption, "127.0.0.1")
    .option("--port <port>", "0 takes any free one", portOption, SERVE_PORT)
    .action(serve);
  group
    .command("show <package>")
    .description("print what a package says of itself, signed or not")
    .action((file: string) => orFail(() => show(file)));
}

function keygen(file: string, scheme: Scheme): void {
  const { key } = makeKey(file, scheme);
  console.error(`Keep ${file} to yourself. This is for devices:`);
  console.log(key);
}

function signImage(file: string, options: SignOptions): void {
  const { key, vendor, packageVersion: version, output } = options;
  const image = readFileSync(file);
  const digest = new Uint8Array(createHash("sha256").update(image).digest());
  const manifest = { vendor, deviceClass: options.class, version, size: image.length, digest };
  const envelope = encoded(() => encodeEnvelope(manifest, signerOf(key)));
  writeFileSync(output, Buffer.concat([envelope, image]));
  console.log(
    `${output}: ${envelope.length + image.length} bytes, ${vendor} ${options.class} ${version}`,
  );
  const left = signaturesLeft(readKeyFile(key));
  if (left !== undefined && left < FEW_SIGNATURES) {
    console.error(`${key} has ${left} signatures left: give devices another key in time.`);
  }
}

/** What the encoder refuses, in words. */
function encoded(encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (error) {
    if ((error as { code?: string }).code !== "package/manifest") throw error;
    throw new Error(
      "Vendor and class are 1 to 64 printable ASCII characters, and a program has a byte at least.",
    );
  }
}

function verify(file: string, key: string): void {
  const bytes = readFileSync(file);
  const envelope = envelopeOf(file, bytes);
  const { algorithm, signed, signature, manifest } = envelope;
  if (!isSigned([verifyingKey(key)], algorithm, signed, signature)) {
    throw new Error(`${file} is not signed with this key.`);
  }
  const fault = imageFault(envelope, bytes);
  if (fault !== undefined) throw new Error(`${file} is signed, but ${fault}.`);
  const { vendor, deviceClass, version } = manifest;
  console.log(`${file} is whole and signed: ${vendor} ${deviceClass} ${version}`);
}

async function serve(
  files: string[],
  { host, port }: { host: string; port: number },
): Promise<void> {
  const packages = new Map<string, ServedFile>();
  for (const file of files) {
    const bytes = orFail(() => readFileSync(file));
    orFail(() => envelopeOf(file, bytes));
    packages.set(`/${basename(file)}`, servedFile(bytes));
  }
  const served = servePackages(host, port, packages, (address, { path, isFirst, isLast }) => {
    if (isFirst) console.log(`${address} begins with ${path}`);
    if (isLast) console.log(`${address} has ${path}`);
  });
  const socket = await served.catch((error: NodeJS.ErrnoException) =>
    fail(`Port ${port} of ${host} cannot be had: ${error.message}`),
  );
  const shown = isIPv6(host) ? `[${host}]` : host;
  for (const path of packages.keys()) console.log(`coap://${shown}:${socket.port}${path}`);
  await untilStopped();
  await stopWithin(() => socket.close());
}

function show(file: string): void {
  const bytes = readFileSync(file);
  const envelope = envelopeOf(file, bytes);
  const { manifest, algorithm, length } = envelope;
  const fault = imageFault(envelope, bytes);
  const rows = [
    ["vendor", manifest.vendor],
    ["class", manifest.deviceClass],
    ["version", manifest.version],
    ["image", `${manifest.size} bytes from ${length}`],
    ["SHA-256", Buffer.from(manifest.digest).toString("hex")],
    ["signed", `${ALGORITHMS[algorithm] ?? "an algorithm that devices do not know"}`],
    ["whole", fault === undefined ? "yes" : `no: ${fault}`],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(8)} ${value}`);
}

const ALGORITHMS: Readonly<Record<number, string>> = {
  [HMAC_SHA_256]: "HMAC-SHA-256",
  [EDDSA]: "Ed25519",
  [HSS_LMS]: "HSS/LMS",
};

function envelopeOf(file: string, bytes: Uint8Array): Envelope {
  const envelope = decodeEnvelope(bytes);
  if (envelope === undefined) throw new Error(`${file} ends within its envelope.`);
  if (!isMalformed(envelope)) return envelope;
  throw new Error(`${file} is no package: ${envelope.fault} at byte ${envelope.at}.`);
}

/** What is wrong with the image behind an envelope. */
function imageFault({ length, manifest }: Envelope, bytes: Uint8Array): string | undefined {
  const image = bytes.subarray(length);
  if (image.length !== manifest.size) {
    return `its image has ${image.length} bytes of ${manifest.size}`;
  }
  const digest = createHash("sha256").update(image).digest();
  return digest.equals(manifest.digest) ? undefined : "its image is another than was signed";
}

function versionOption(text: string): string {
  if (versionNumbers(text) !== undefined) return text;
  throw new InvalidArgumentError("It must be one to four numbers with points between: 2.1.0.");
}

/** Runs a command to its end; what goes wrong is one line. */
function orFail<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    return fail((error as Error).message);
  }
}
