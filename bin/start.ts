/**
 * `dormouse start`, which is `npm start`: everything at once to look at and to try out. A connector on an embedded store, this machine
 * as a device with its real readings, the two demo devices, and a fleet.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { OutboxFolder } from "../connector/adapters/outbox-folder.ts";
import { DeviceConnector } from "../connector/device-connector.ts";
import { LmdbStore } from "../connector/store/lmdb-store.ts";
import type { NodeDevice } from "../firmware/boards/node/main.ts";
import { createNodeDevice } from "../firmware/boards/node/main.ts";
import { SENSOR } from "../simulator/profiles/sensor.ts";
import { resolveServer, UdpFleet } from "../simulator/udp-fleet.ts";
import {
  fail,
  hostOption,
  portOption,
  productName,
  startFailure,
  stopWithin,
  untilStopped,
} from "./daemon.ts";
import {
  adoptDemo,
  claimForDemo,
  type DemoCredentials,
  demoCredentials,
} from "./demo-credentials.ts";
import { demoLight, demoSleeper } from "./demo-devices.ts";

interface StartOptions {
  host: string;
  httpPort: number;
  httpsPort?: number;
  /** False with --no-https. */
  https: boolean;
  coapPort: number;
  data: string;
  fleet: number;
  json?: boolean;
}

/** What is running. */
interface Demo {
  readonly connector: DeviceConnector;
  readonly devices: readonly NodeDevice[];
  readonly fleet: UdpFleet;
}

const LOOPBACK = ["127.0.0.0/8", "::1/128"];
const LARGEST_FLEET = 10_000;
const HTTPS_PORT = 8443;
/** Devices and fleet have this long to de-register, ms; then the connector stops all the same. */
const LEAVING_PERIOD = 2000;

const HELP = `
The access key, the customer and the API client are the same at each start: they are
kept in the data folder, readable by its owner alone. Callbacks may go to this machine. With --http-port 0 the HTTPS port is
any free one too. For anything but trying out, use dormouse connector.
`;

export function startCommand(program: Command): void {
  program
    .command("start")
    .description("run a connector, this machine as a device, two demo devices and a fleet")
    .option("--host <address>", "the address to listen at", hostOption, "127.0.0.1")
    .option("--http-port <port>", "port of the REST API, 0 for any", portOption, 8080)
    .option(
      "--https-port <port>",
      `port of the same over HTTPS (default: ${HTTPS_PORT})`,
      portOption,
    )
    .option("--no-https", "do not listen on HTTPS")
    .option("--coap-port <port>", "port for devices, 0 for any", portOption, 5683)
    .option("--data <folder>", "where everything is kept", ".dormouse")
    .option("--fleet <n>", "how many simulated devices", fleetOption, 50)
    .option("--json", "print one line of JSON when ready, and nothing else, on stdout")
    .addHelpText("after", HELP)
    .action(runStart);
}

async function runStart(options: StartOptions): Promise<void> {
  const stopped = untilStopped(true);
  const endpoint = machineName();
  const httpsPort = httpsPortOf(options);
  let credentials: DemoCredentials;
  let connector: DeviceConnector;
  try {
    credentials = demoCredentials(options.data);
    connector = await DeviceConnector.start({
      store: new LmdbStore(join(options.data, "store")),
      secretsFolder: join(options.data, "secrets"),
      host: options.host,
      httpPort: options.httpPort,
      https: httpsPort === undefined ? undefined : { port: httpsPort },
      coapPort: options.coapPort,
      allowedCallbacks: LOOPBACK,
      customers: { outbox: new OutboxFolder(join(options.data, "outbox")) },
      identifiesDevices: true,
      product: productName(),
      log: (line) => console.error(line),
    });
    await adoptDemo(connector.access, credentials);
    await connector.commit();
  } catch (error) {
    fail(startFailure(error as Error, { ...options, httpsPort }));
  }
  const http = reachable(connector.httpUrl);
  const https = connector.httpsUrl === undefined ? undefined : reachable(connector.httpsUrl);
  const coap = reachable(connector.coapUrl);
  const server = await resolveServer(coap);
  const fleet = new UdpFleet({ server, size: options.fleet, profile: SENSOR, window: 16 });
  const machine = createNodeDevice({ server: coap, endpointName: endpoint });
  const devices = [machine, demoLight(coap), demoSleeper(coap)];
  const demo: Demo = { connector, devices, fleet };
  const isReady = await Promise.race([register(devices), stopped.then(() => false)]);
  if (isReady) {
    claimForDemo(connector.access, credentials, [endpoint, "node-001", "node-003"]);
    await connector.commit();
    const ready = { http, https, coap, ...credentials, endpoint, fleet: options.fleet };
    console.log(options.json === true ? JSON.stringify(ready) : welcome(ready));
    await fleet.open();
    fleet.start();
    await stopped;
  }
  await stopWithin(() => stopDemo(demo));
}

/** Whoever wants any free port for HTTP does not want a certain one for HTTPS. */
function httpsPortOf(options: StartOptions): number | undefined {
  if (!options.https) return undefined;
  return options.httpsPort ?? (options.httpPort === 0 ? 0 : HTTPS_PORT);
}

/** Starts devices; resolves when all are registered. */
async function register(devices: readonly NodeDevice[]): Promise<boolean> {
  await Promise.all(
    devices.map(
      (device) =>
        new Promise<void>((resolve) => {
          device.start((event) => {
            if (event.kind === "registered") resolve();
          });
        }),
    ),
  );
  return true;
}

async function stopDemo({ connector, devices, fleet }: Demo): Promise<void> {
  const leaving = setTimeout(() => fleet.abandon(), LEAVING_PERIOD);
  await Promise.all([fleet.stop(), ...devices.map((device) => device.stop(LEAVING_PERIOD))]);
  clearTimeout(leaving);
  fleet.close();
  await connector.close();
}

/** This machine's name, as far as it is good for a URL. */
function machineName(): string {
  const name = hostname().replace(/[^A-Za-z0-9._-]/g, "-");
  return name === "" || name.startsWith("node-00") ? `machine-${name}` : name;
}

/** The URL to connect to when the server listens at all addresses. */
function reachable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}

interface Ready extends DemoCredentials {
  readonly http: string;
  readonly https: string | undefined;
  readonly coap: string;
  readonly endpoint: string;
  readonly fleet: number;
}

function welcome(ready: Ready): string {
  const { http, https, coap, accessKey, customer, apiClient, endpoint, fleet } = ready;
  const curl = `curl -s -w '\\n' -H 'Authorization: Bearer ${accessKey}'`;
  const open = `'${http}/v2/notification/pull?noWait=true'`;
  const pull = `${http}/v2/notification/pull`;
  return `
Dormouse is running. Ctrl-C stops it.

  REST API     ${http}${https === undefined ? "" : `, ${https} (curl -k)`}
  devices at   ${coap}
  access key   ${accessKey}
  customer     ${customer.email} with ${customer.password}
  API client   ${apiClient.clientKey} with ${apiClient.secretKey}
  registered   ${endpoint} (this machine), node-001, node-003, and a fleet of ${fleet}

List the devices:

${curl} ${http}/v2/endpoints

Read how busy this machine is, in percent (the payload is base64):

${curl} ${open} ${http}/v2/endpoints/${endpoint}/3320/0/5700 ${pull}

Subscribe to a temperature, and wait for its first two messages:

${curl} ${open}; ${curl} -X PUT ${http}/v2/subscriptions/node-001/dev/temp; ${curl} ${pull} ${pull}

See yourself as a customer of mDash, and get a token as a program of Device42 does:

curl -s -w '\\n' -u '${customer.email}:${customer.password}' ${http}/customer
curl -s -w '\\n' -X POST -u '${apiClient.clientKey}:${apiClient.secretKey}' ${http}/tauth/1.0/token/
`;
}

function fleetOption(text: string): number {
  const size = Number(text);
  if (!/^\d+$/.test(text) || size > LARGEST_FLEET) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${LARGEST_FLEET}.`);
  }
  return size;
}
