/**
 * `dormouse device`: this machine as one LwM2M device.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { AgentEvent } from "../firmware/agent/agent.ts";
import type { BootstrapAccount } from "../firmware/agent/bootstrap/bootstrap-account.ts";
import { checkRootPath } from "../firmware/agent/registration/alternate-path.ts";
import type { Profile } from "../firmware/agent/registration/profiles.ts";
import { parseAddress } from "../firmware/agent/stream-address.ts";
import type { SignedOnly } from "../firmware/boards/node/firmware.ts";
import type { NodeDevice, NodeServerAccount } from "../firmware/boards/node/main.ts";
import { createNodeDevice, NodeBoard } from "../firmware/boards/node/main.ts";
import { sha256Profile } from "../firmware/boards/node/profile-hash.ts";
import { FileStore } from "../firmware/boards/node/store.ts";
import { countedDatagrams } from "../firmware/objects/connectivity-statistics.ts";
import type { LwM2mObject } from "../firmware/objects/lwm2m-object.ts";
import { loadDdf } from "../host/ddf.ts";
import { formatCode } from "../protocol/coap/codes.ts";
import { STANDARD_OBJECTS, standardDefinitions } from "../protocol/lwm2m/standard-objects.ts";
import type { DefinitionOf, ObjectDefinition } from "../protocol/model/object-definition.ts";
import { CONNECTIVITY_STATISTICS } from "../protocol/model/objects/connectivity-statistics.ts";
import { SENSOR_VALUE } from "../protocol/model/objects/ipso-resources.ts";
import { parsePath } from "../protocol/model/path.ts";
import { SECOND } from "../protocol/time/duration.ts";
import { accountOption } from "./account-option.ts";
import { repeated, stopWithin, untilStopped } from "./daemon.ts";
import { sampleObject } from "./device-objects.ts";

interface DeviceOptions {
  server?: NodeServerAccount[];
  spread?: number;
  giveUp?: boolean;
  rootPath?: string;
  profile: string[];
  profileHash?: boolean;
  bootstrap?: string;
  holdOff?: number;
  pack?: boolean;
  endpoint: string;
  type?: string;
  lifetime?: number;
  lwm2m: "1.0" | "1.1" | "1.2";
  queue?: boolean;
  state?: string;
  object: string[];
  send: readonly string[];
  every?: number;
  definition: string[];
  folder?: string;
  packageKey: string[];
  packageVendor: string;
  packageClass: string;
}

/** Security, Server, Access Control, OSCORE, COSE. */
const OWN_OBJECTS: ReadonlySet<number> = new Set([0, 1, 2, 21, 23]);
/** Those that `--object` knows by id. */
const CATALOGUE: readonly number[] = [
  ...new Set(STANDARD_OBJECTS.map(({ id }) => id).filter((id) => !OWN_OBJECTS.has(id))),
];

const LONGEST_LIFETIME = 4294967295;
/** A day. */
const LONGEST_HOLD_OFF = 86400;
const LONGEST_NAME = 255;
/** What a sensor of `--object` without hardware behind it measures: this much around its middle value. */
const SWING = 2;
const MIDDLE = 21;
const SWING_STEPS = 60;
/** When there is no answer this long after the first Register, ms, it is worth a word. */
const PATIENCE = 5000;
/** Seconds between two Sends. */
const SEND_EVERY = 60;
/** What timers can count, in seconds. */
const LONGEST_EVERY = 2147483;

const HELP = `
It always has objects 1 Server, 3 Device, 4 Connectivity Monitoring and 3320 Percentage
(the processor's load), 3303 Temperature where the processor's is measured, and the
resource /dev/uptime. --object adds others by their ids, with what they do: 5 Firmware
Update, 7 Connectivity Statistics, 9 Software Management, 20 Event Log, 3200 to 3348
sensors and actuators, 3441 and 3442 test objects, ...; --definition those of an
object definition file (XML of the OMA registry). Sensors without hardware show a slow
wave. Packages of 5 and 9 are staged below --folder, and installed in word only. With
--package-key only those that such a key has signed are taken (dormouse package).

With --send the device reports by itself, where the server lets it: with Mute Send
(/1/x/23) written false, in LwM2M 1.1 and later.

Behind a server's address stand settings of its account, each after a comma: id=N (Short
Server ID), lifetime=S, priority=N (the lower registers first), delay=S (before the first
registration), block (when it fails those after it wait), no-bootstrap, retries=N,
retry-timer=S (doubled each time), sequences=N, sequence-delay=S, disable-timeout=S.

With --bootstrap and no --server it asks that bootstrap server first; with both, when
--server does not answer.

Ctrl-C de-registers. With --state a device that was killed goes on where it was.

Examples:
  dormouse device --server coap://127.0.0.1:5683 --endpoint my-device
  dormouse device --server coap://127.0.0.1:5683 --state ./my-device
  dormouse device --server coap://leshan.eclipseprojects.io --lifetime 300 --queue
  dormouse device --server coap://[::1]:5683 --object 3303 --definition ./my-object.xml
  dormouse device --server coap://127.0.0.1:5683 --object 5 --object 7 --folder ./updates
  dormouse device --server coap://127.0.0.1:5683 --send /3320/0/5700 --every 30
  dormouse device --server coap+tcp://127.0.0.1:5683 --lifetime 300
  dormouse device --bootstrap coap://127.0.0.1:5783 --lwm2m 1.2 --pack
  dormouse device --server coap://a.example,priority=1,block --server coap://b.example,priority=2
  dormouse device --server coap://127.0.0.1,retries=3,retry-timer=10 --lwm2m 1.2 --spread 60
`;

export function deviceCommand(program: Command): void {
  program
    .command("device")
    .description("run this machine as an LwM2M device")
    .option(
      "--server <uri>[,setting...]",
      "where to register: coap://HOST:PORT or coap+tcp://HOST:PORT, with settings of its account; can be repeated",
      accountsOption,
    )
    .option(
      "--bootstrap <uri>",
      "where to be told where to register: coap://HOST:PORT or coap+tcp://HOST:PORT",
      serverOption,
    )
    .option("--hold-off <seconds>", "how long to wait before asking there", holdOffOption)
    .option("--pack", "ask there for a Bootstrap-Pack first (LwM2M 1.2)")
    .option("--endpoint <name>", "the device's name", endpointOption, hostname())
    .option("--type <type>", "endpoint type, as mbed's Device Connector shows it")
    .option("--lifetime <seconds>", "registration lifetime (default: 86400)", lifetimeOption)
    .option("--lwm2m <version>", "1.0, 1.1 or 1.2", versionOption, "1.1")
    .option("--state <folder>", "keep registration and observations there over restarts")
    .option("--queue", "queue mode: listen only for a while after each message")
    .option("--spread <seconds>", "register at a random time within so many seconds", countOption)
    .option("--give-up", "when registration has failed, nothing more before a restart")
    .option("--root-path <path>", "the objects' place, if not the root: /lwm2m", rootPathOption)
    .option(
      "--profile <id>=<paths>",
      "a Profile ID and what it stands for: oma:meter=/3/0,/3303/0 (LwM2M 1.2); can be repeated",
      repeated,
      [],
    )
    .option("--profile-hash", "say a hash over the whole list instead of it (LwM2M 1.2)")
    .option("--object <id or file>", "add an object; can be repeated", repeated, [])
    .option("--send <path>", "send its values without being asked; can be repeated", sendOption, [])
    .option("--every <seconds>", "how often to send (default: 60)", everyOption)
    .option("--definition <file>", "add the objects of a file; can be repeated", repeated, [])
    .option("--folder <folder>", "where packages are staged (default: dormouse-packages/NAME)")
    .option("--package-key <key>", "take packages of this key; can be repeated", repeated, [])
    .option("--package-vendor <name>", "whose packages it takes, then", "Dormouse")
    .option("--package-class <name>", "of which class it is, then", "device")
    .addHelpText("after", HELP)
    .action(runDevice);
}

async function runDevice(options: DeviceOptions, command: Command): Promise<void> {
  const { server, bootstrap, endpoint, type, lifetime, queue } = options;
  const first = server?.map(({ uri }) => uri).join(", ") ?? bootstrap;
  if (first === undefined) command.error("error: give --server or --bootstrap");
  let device: NodeDevice;
  try {
    const objects = await sampleObjects(options);
    device = createNodeDevice({
      servers: server,
      spreadOver: options.spread === undefined ? undefined : options.spread * SECOND,
      giveUp: options.giveUp === true,
      rootPath: options.rootPath,
      profiles: options.profile.map(profileOf),
      hashProfile: options.profileHash === true ? sha256Profile : undefined,
      bootstrap: bootstrapAccount(options, command),
      endpointName: endpoint,
      endpointType: type,
      lifetime,
      version: options.lwm2m,
      queueMode: queue === true,
      ...(options.state !== undefined && { store: new FileStore(options.state) }),
      objects,
      board: boardOf(objects),
      refresh: wave(objects),
    });
  } catch (error) {
    command.error((error as Error).message);
  }
  if (options.every !== undefined && options.send.length === 0) {
    command.error("--every says how often to send: it needs --send PATH.");
  }
  const impatience = setTimeout(
    () => {
      console.log(`No answer from ${first} yet; still trying.`);
    },
    PATIENCE + ((server === undefined ? options.holdOff : options.spread) ?? 0) * SECOND,
  );
  device.start((event) => {
    if (event.kind !== "request" && event.kind !== "bootstrap-started") clearTimeout(impatience);
    console.log(eventLine(event, endpoint));
  });
  const sending =
    options.send.length === 0
      ? undefined
      : setInterval(() => device.send(options.send), (options.every ?? SEND_EVERY) * SECOND);
  await untilStopped();
  clearInterval(sending);
  clearTimeout(impatience);
  await stopWithin(() => device.stop());
}

function bootstrapAccount(
  { bootstrap, holdOff, pack, lwm2m }: DeviceOptions,
  command: Command,
): BootstrapAccount | undefined {
  if (bootstrap === undefined) {
    const stray = holdOff !== undefined ? "--hold-off" : pack === true ? "--pack" : undefined;
    if (stray !== undefined) command.error(`error: ${stray} is for --bootstrap: give that too`);
    return undefined;
  }
  if (pack === true && lwm2m !== "1.2") command.error("error: --pack needs --lwm2m 1.2");
  return { uri: bootstrap, holdOff, pack };
}

/** One line for people. */
export function eventLine(event: AgentEvent, endpointName: string): string {
  const { uri } = event.link;
  switch (event.kind) {
    case "registered":
      return `Registered at ${uri} as ${endpointName}`;
    case "updated":
      return "Updated";
    case "deregistered":
      return "De-registered";
    case "disconnected": {
      const when = Number.isFinite(event.retryIn)
        ? `registering again in ${Math.ceil(event.retryIn / SECOND)} s`
        : "registering again when there is something to say";
      return `Disconnected from ${uri}: ${event.reason}; ${when}`;
    }
    case "asleep":
      return "Asleep";
    case "awake":
      return "Awake";
    case "sent":
      return `Sent${event.code === 0 ? "" : `, ${formatCode(event.code)}`}`;
    case "send-muted":
      return `Not sent: ${uri} has muted Send (/1/x/23)`;
    case "send-failed": {
      const said = event.code === 0 ? `no answer from ${uri}` : formatCode(event.code);
      return `Not sent: ${said}`;
    }
    case "request":
      return `${event.operation} ${event.path} -> ${formatCode(event.code)}`;
    case "bootstrap-started":
      return `Bootstrap with ${uri}`;
    case "bootstrapped":
      return `Bootstrapped by ${uri}`;
    case "bootstrap-account-purged":
      return `The account of the bootstrap server ${uri} has run out`;
    case "bootstrap-failed": {
      const said = event.code === 0 ? "" : ` (${formatCode(event.code)})`;
      const when = Number.isFinite(event.retryIn)
        ? `trying again in ${Math.ceil(event.retryIn / SECOND)} s`
        : "registered as before";
      return `Not bootstrapped by ${uri}: ${event.reason}${said}; ${when}`;
    }
    case "gave-up":
      return event.retryIn === Infinity
        ? `Gave up ${uri}: nothing more before a restart`
        : `Gave up ${uri} for now; all begins again in ${Math.ceil(event.retryIn / SECOND)} s`;
    case "registration-failed":
    case "update-failed": {
      const what = event.kind === "update-failed" ? "Not updated" : "Not registered";
      const why =
        event.code === 0 ? `no answer from ${uri}` : `${uri} says ${formatCode(event.code)}`;
      const when = event.retryIn === 0 ? "now" : `in ${Math.ceil(event.retryIn / SECOND)} s`;
      return `${what}: ${why}; trying again ${when}`;
    }
  }
}

/** What `--object` and `--definition` ask for, each object with one instance. */
async function sampleObjects(options: DeviceOptions): Promise<LwM2mObject[]> {
  const objects: LwM2mObject[] = [];
  const definitionOf = standardDefinitions(options.lwm2m);
  const asked = options.object.map((wanted) => definitionsOf(wanted, definitionOf));
  const files = options.definition.map((file) => definitionsIn(file, "--definition"));
  for (const definition of (await Promise.all([...asked, ...files])).flat()) {
    const { id } = definition;
    if (OWN_OBJECTS.has(id)) throw new Error(`Object ${id} is the agent's own: leave it out.`);
    if (objects.some((object) => object.definition.id === id)) {
      throw new Error(`Object ${id} is asked for twice: give it once.`);
    }
    const folder = options.folder ?? packageFolder(options.endpoint);
    const sample = { folder, measured: MIDDLE, say: console.log, signed: signedOnly(options) };
    objects.push(sampleObject(definition, sample));
  }
  return objects;
}

/** A folder of a device's own: several in one place must not write over each other's packages. */
export function packageFolder(endpoint: string): string {
  const name = endpoint.replaceAll(":", "_");
  return join("dormouse-packages", /^\.+$/.test(name) ? `_${name}` : name);
}

function signedOnly(options: DeviceOptions): SignedOnly | undefined {
  const { packageKey: keys, packageVendor: vendor, packageClass: deviceClass } = options;
  return keys.length === 0 ? undefined : { keys, vendor, deviceClass };
}

/** The object with this id, or the objects of this file. */
async function definitionsOf(
  wanted: string,
  definitionOf: DefinitionOf,
): Promise<ObjectDefinition[]> {
  if (!/^\d+$/.test(wanted)) return definitionsIn(wanted, "--object");
  const known = definitionOf(Number(wanted));
  if (known !== undefined) return [known];
  throw new Error(
    `Object ${wanted} is not built in (${CATALOGUE.join(", ")} are): give its definition file instead of its id.`,
  );
}

async function definitionsIn(file: string, option: string): Promise<ObjectDefinition[]> {
  try {
    return (await loadDdf(file)).map(({ definition }) => definition);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    const what = option === "--object" ? "an object's id or its XML file" : "an XML file";
    throw new Error(`There is no file ${file}: ${option} takes ${what}.`);
  }
}

/** A board that counts what passes, where there is an object to count for. */
function boardOf(objects: readonly LwM2mObject[]): NodeBoard {
  const board = new NodeBoard();
  const statistics = objects.find(({ definition }) => definition === CONNECTIVITY_STATISTICS);
  if (statistics === undefined) return board;
  return Object.assign(board, {
    datagrams: countedDatagrams(board.datagrams, statistics),
    streams: countedDatagrams(board.streams, statistics),
  });
}

/** Moves all sensors among the objects along a wave, a step per call. */
function wave(objects: readonly LwM2mObject[]): () => void {
  const sensors = objects.filter((object) => object.get(0, SENSOR_VALUE) !== undefined);
  let step = 0;
  return () => {
    step++;
    const value = MIDDLE + SWING * Math.sin((step * 2 * Math.PI) / SWING_STEPS);
    for (const sensor of sensors) sensor.set(0, SENSOR_VALUE, Math.round(value * 100) / 100);
  };
}

export function serverOption(text: string): string {
  try {
    parseAddress(text);
  } catch {
    throw new InvalidArgumentError("It must be coap://HOST[:PORT] or coap+tcp://HOST[:PORT].");
  }
  return text;
}

function accountsOption(text: string, former: NodeServerAccount[] = []): NodeServerAccount[] {
  try {
    return [...former, accountOption(text)];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function countOption(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > LONGEST_LIFETIME) {
    throw new InvalidArgumentError(`It must be 0 to ${LONGEST_LIFETIME} seconds.`);
  }
  return count;
}

function rootPathOption(text: string): string {
  try {
    checkRootPath(text);
  } catch {
    throw new InvalidArgumentError("It must be /NAME, or more of them, none of which is a number.");
  }
  return text;
}

function sendOption(text: string, before: readonly string[]): readonly string[] {
  const path = parsePath(text);
  if (path === undefined || path.length === 0) {
    throw new InvalidArgumentError("It must be the path of an object or below, as /3303/0/5700.");
  }
  return repeated(text, before);
}

function everyOption(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 1 || seconds > LONGEST_EVERY) {
    throw new InvalidArgumentError(`It must be 1 to ${LONGEST_EVERY} seconds.`);
  }
  return seconds;
}

/** `oma:meter=/3/0,/3303/0`. */
function profileOf(text: string): Profile {
  const equals = text.indexOf("=");
  if (equals < 0) throw new Error(`--profile ${text}: it must be ID=/OBJECT/INSTANCE,...`);
  return { id: text.slice(0, equals), paths: text.slice(equals + 1).split(",") };
}

export function endpointOption(text: string): string {
  if (!/^[A-Za-z0-9._:-]+$/.test(text) || text.length > LONGEST_NAME) {
    throw new InvalidArgumentError(
      "It must be 1 to 255 letters, digits, points, hyphens, colons and underscores.",
    );
  }
  return text;
}

export function lifetimeOption(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 1 || seconds > LONGEST_LIFETIME) {
    throw new InvalidArgumentError(`It must be 1 to ${LONGEST_LIFETIME} seconds.`);
  }
  return seconds;
}

function holdOffOption(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > LONGEST_HOLD_OFF) {
    throw new InvalidArgumentError(`It must be 0 to ${LONGEST_HOLD_OFF} seconds.`);
  }
  return seconds;
}

function versionOption(text: string): string {
  if (!["1.0", "1.1", "1.2"].includes(text)) {
    throw new InvalidArgumentError("It must be 1.0, 1.1 or 1.2.");
  }
  return text;
}
