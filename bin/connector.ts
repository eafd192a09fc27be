/** `dormouse connector`: the Device Connector alone. */
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { BootstrapFile } from "../connector/adapters/bootstrap-file.ts";
import { OutboxFolder } from "../connector/adapters/outbox-folder.ts";
import { CURVES, type Curve } from "../connector/certificates/public-key.ts";
import { type BootstrapServing, DeviceConnector } from "../connector/device-connector.ts";
import { DEFAULT_REQUEST_RATES } from "../connector/rest/request-rates.ts";
import { LmdbStore } from "../connector/store/lmdb-store.ts";
import {
  fail,
  type HttpsOptions,
  hostOption,
  httpsSettings,
  portOption,
  productName,
  quotaOption,
  rateOption,
  repeated,
  repeatedOrigin,
  startFailure,
  stopWithin,
  subscriptionsOption,
  untilStopped,
  urlOption,
} from "./daemon.ts";

interface ConnectorOptions extends HttpsOptions {
  host: string;
  httpPort: number;
  coapPort: number;
  coapTcpPort?: number;
  data: string;
  json?: boolean;
  allowCallback: string[];
  publicUrl?: string;
  allowRedirect: string[];
  customerPasswords: "by-key" | "by-password";
  allowCurve: Curve[];
  transactionQuota?: number;
  endpointQuota?: number;
  subscriptions: "kept" | "original";
  identifyDevices?: boolean;
  requestRate: number;
  addressRate: number;
  openLeshanApi?: boolean;
  bootstrap?: boolean;
  bootstrapPort?: number;
  bootstrapFile?: string;
  bootstrapSilent?: boolean;
}

const HELP = `
Devices register at coap://HOST:COAP-PORT, and with --coap-tcp-port at
coap+tcp://HOST:COAP-TCP-PORT too (RFC 8323). Applications use the REST API at
http://HOST:HTTP-PORT with an access key. The first key is made at the first start
and shown then, once, on stderr; more are made with POST /api/api_tokens.

With --https-port the API is at https://HOST:HTTPS-PORT too. Without --tls-cert the
connector certifies itself; GET /api/ca.pem is what clients trust then, or curl -k.

Callbacks go to public addresses only; --allow-callback opens others.

Quotas hold for each domain. Beyond --transaction-quota requests are answered 429
until the oldest of the last 24 hours leave the count, beyond --endpoint-quota a new
device is told to come back later. mbed Device Connector had 10000 and 100.

With --bootstrap the connector is an LwM2M Bootstrap-Server too: devices ask at /bs and
/bspack of the same port, and with --bootstrap-port at one that has nothing else. What they
are given is written with dormouse admin bootstrap, PUT /admin/bootstrap/..., or in a file
(--bootstrap-file), which is read again when it changes; docs/bootstrap.md says how.

Mail to customers (POST /invite) is put into DATA/outbox, a file each, for whatever sends
mail on this machine; its links begin with --public-url.

Examples:
  dormouse connector
  dormouse connector --host 0.0.0.0 --data /var/lib/dormouse
  dormouse connector --https-port 8443 --http-redirect
  dormouse connector --https-port 443 --tls-cert fullchain.pem --tls-key privkey.pem
  dormouse connector --coap-tcp-port 5683
  dormouse connector --bootstrap --bootstrap-port 5693 --bootstrap-file accounts.json
  dormouse connector --allow-callback 127.0.0.0/8 --allow-callback 192.168.1.20
`;

export function connectorCommand(program: Command): void {
  program
    .command("connector")
    .description("run the Device Connector: LwM2M server and REST API")
    .option("--host <address>", "the address to listen at", hostOption, "127.0.0.1")
    .option("--http-port <port>", "port of the REST API, 0 for any", portOption, 8080)
    .option("--https-port <port>", "port of the REST API over HTTPS, 0 for any", portOption)
    .option("--tls-cert <file>", "certificate for HTTPS in PEM, with its chain if it has one")
    .option("--tls-key <file>", "the key of that certificate in PEM")
    .option("--http-redirect", "let HTTP send everybody to HTTPS")
    .option("--coap-port <port>", "port for devices, 0 for any", portOption, 5683)
    .option("--coap-tcp-port <port>", "TCP port for devices without UDP, 0 for any", portOption)
    .option("--data <folder>", "where everything is kept", ".dormouse")
    .option(
      "--allow-callback <range>",
      "let callbacks go to these addresses, for example 10.1.0.0/16; can be repeated",
      repeated,
      [],
    )
    .option(
      "--transaction-quota <n>",
      "transactions in 24 hours; unlimited unless set",
      quotaOption,
    )
    .option("--endpoint-quota <n>", "registered devices; unlimited unless set", quotaOption)
    .option(
      "--request-rate <n>",
      "requests a second of one key, customer or client; 0 for no bound",
      rateOption,
      DEFAULT_REQUEST_RATES.perCredential,
    )
    .option(
      "--address-rate <n>",
      "requests a second from one address; 0 for no bound, as behind a proxy",
      rateOption,
      DEFAULT_REQUEST_RATES.perAddress,
    )
    .option(
      "--subscriptions <kept|original>",
      "original: a device that registers anew ends the individual subscriptions to it",
      subscriptionsOption,
      "kept",
    )
    .option(
      "--allow-curve <name>",
      "certify public keys on this curve beside P-256: secp256k1, brainpoolP256r1; can be repeated",
      curveOption,
      ["prime256v1"],
    )
    .option(
      "--public-url <url>",
      "where customers reach the connector, for links in mail",
      urlOption,
    )
    .option(
      "--allow-redirect <origin>",
      "let the page of an invitation lead to this app, for example https://app.example; can be repeated",
      repeatedOrigin,
      [],
    )
    .addOption(
      new Option("--customer-passwords <rule>", "what a customer changes his password with")
        .choices(["by-key", "by-password"])
        .default("by-key"),
    )
    .option(
      "--identify-devices",
      "read object 3 of each new LwM2M device once, for its maker and serial number in the inventory",
    )
    .option(
      "--open-leshan-api",
      "DANGEROUS: let programs on this machine use /api/clients without a key, for test suites",
    )
    .option("--bootstrap", "be an LwM2M Bootstrap-Server too")
    .option("--bootstrap-port <port>", "one more port, for bootstrap alone, 0 for any", portOption)
    .option("--bootstrap-file <file>", "bootstrap configurations and rules, JSON")
    .option("--bootstrap-silent", "give devices without a configuration no answer, instead of 4.00")
    .option("--json", "print one line of JSON when ready, and nothing else, on stdout")
    .addHelpText("after", HELP)
    .action(runConnector);
}

async function runConnector(options: ConnectorOptions): Promise<void> {
  let connector: DeviceConnector;
  const file =
    options.bootstrapFile === undefined ? undefined : new BootstrapFile(options.bootstrapFile);
  try {
    const bootstrap = bootstrapServing(options);
    // What is wrong with it is said before anything is opened.
    file?.read();
    const https = httpsSettings(options);
    connector = await DeviceConnector.start({
      store: new LmdbStore(join(options.data, "store")),
      secretsFolder: join(options.data, "secrets"),
      host: options.host,
      httpPort: options.httpPort,
      https,
      coapPort: options.coapPort,
      coapTcpPort: options.coapTcpPort,
      allowedCallbacks: options.allowCallback,
      customers: {
        outbox: new OutboxFolder(join(options.data, "outbox")),
        publicUrl: options.publicUrl,
        redirects: options.allowRedirect,
        passwordChange: options.customerPasswords,
      },
      curves: options.allowCurve,
      quotas: quotasOf(options),
      subscriptions: options.subscriptions,
      identifiesDevices: options.identifyDevices === true,
      bootstrap,
      opensLeshanApi: options.openLeshanApi === true,
      requestRates: { perCredential: options.requestRate, perAddress: options.addressRate },
      product: productName(),
      log: (line) => console.error(line),
    });
    file?.follow((document) => connector.setBootstrapFile(document), console.error);
    await showFirstKey(connector);
  } catch (error) {
    fail(startFailure(error as Error, options));
  }
  const { httpUrl, httpsUrl, coapUrl, coapTcpUrl, bootstrapUrl } = connector;
  const ready = {
    http: httpUrl,
    https: httpsUrl,
    coap: coapUrl,
    coapTcp: coapTcpUrl,
    bootstrap: bootstrapUrl,
  };
  const urls = httpsUrl === undefined ? httpUrl : `${httpUrl} and ${httpsUrl}`;
  if (options.json === true) console.log(JSON.stringify(ready));
  else {
    const bootstraps = bootstrapUrl === undefined ? "" : `, bootstrap at ${bootstrapUrl}`;
    const devices = coapTcpUrl === undefined ? coapUrl : `${coapUrl} and ${coapTcpUrl}`;
    console.log(`Ready: REST API at ${urls}, devices at ${devices}${bootstraps}. Ctrl-C stops.`);
  }
  await untilStopped();
  file?.close();
  await stopWithin(() => connector.close());
}

/** What the options on bootstrap ask for. Throws where they make no sense together. */
function bootstrapServing(options: ConnectorOptions): BootstrapServing | undefined {
  if (options.bootstrap === true) {
    return { port: options.bootstrapPort, isSilent: options.bootstrapSilent === true };
  }
  for (const [name, value] of [
    ["--bootstrap-port", options.bootstrapPort],
    ["--bootstrap-file", options.bootstrapFile],
    ["--bootstrap-silent", options.bootstrapSilent],
  ]) {
    if (value !== undefined) throw new Error(`${name} needs --bootstrap.`);
  }
  return undefined;
}

function quotasOf({ transactionQuota, endpointQuota }: ConnectorOptions) {
  return { transactions: transactionQuota ?? Infinity, endpoints: endpointQuota ?? Infinity };
}

/** Makes the first key of a store and shows it, this once. */
async function showFirstKey(connector: DeviceConnector): Promise<void> {
  if (connector.access.keys.size > 0) return;
  const created = connector.access.createFirstKey("first");
  await connector.commit();
  console.error(`Your first access key, shown only now: ${created.key}`);
}

function curveOption(text: string, before: readonly Curve[]): readonly Curve[] {
  const curve = CURVES.find((name) => name === text);
  if (curve === undefined)
    throw new InvalidArgumentError(`It must be one of ${CURVES.join(", ")}.`);
  return [...before, curve];
}
