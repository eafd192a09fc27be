/**
 * `dormouse gateway`: this machine in front of devices that speak no IP.
 */
import { hostname } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { NodeGateway, type NodeGatewayEvent } from "../firmware/boards/node/gateway.ts";
import { type LineAddress, parseLine } from "../firmware/boards/node/line.ts";
import { formatCode } from "../protocol/coap/codes.ts";
import { stopWithin, untilStopped } from "./daemon.ts";
import { endpointOption, eventLine, lifetimeOption, serverOption } from "./device.ts";

interface GatewayOptions {
  server: string;
  endpoint: string;
  lifetime?: number;
  line: readonly NamedLine[];
}

interface NamedLine {
  /** As it was given. */
  readonly text: string;
  readonly address: LineAddress;
}

const HELP = `
Each line has one device at its other end: a board on a serial port, or anything
that carries CoAP in Slipmux frames (draft-bormann-t2trg-slipmux). It registers
here as with any LwM2M server. Servers find it as an instance of object 25 and
reach it below its name:

  GET /cellar/3303/0/5700      the temperature of the device "cellar"

What a board prints in Slipmux text frames is shown. Ctrl-C de-registers.

Examples:
  dormouse gateway --server coap://127.0.0.1:5683 --line /dev/ttyACM0
  dormouse gateway --server coap://127.0.0.1:5683 --endpoint barn \\
    --line /dev/ttyUSB0@9600 --line tcp:192.168.1.20:7000
`;

export function gatewayCommand(program: Command): void {
  program
    .command("gateway")
    .description("run this machine as a gateway for devices on serial lines")
    .requiredOption("--server <uri>", "where to register: coap://HOST:PORT", serverOption)
    .requiredOption(
      "--line <line>",
      "/dev/DEVICE, /dev/DEVICE@BAUD or tcp:HOST:PORT; can be repeated",
      lineOption,
      [],
    )
    .option("--endpoint <name>", "the gateway's name", endpointOption, hostname())
    .option("--lifetime <seconds>", "registration lifetime (default: 86400)", lifetimeOption)
    .addHelpText("after", HELP)
    .action(runGateway);
}

async function runGateway(options: GatewayOptions, command: Command): Promise<void> {
  const { server, endpoint, lifetime, line: lines } = options;
  if (lines.length === 0) command.error("A gateway needs a --line, as --line /dev/ttyACM0.");
  const addresses = lines.map(({ address }) => address);
  const gateway = new NodeGateway({ server, endpointName: endpoint, lifetime, lines: addresses });
  gateway.start((event) => console.log(gatewayLine(event, endpoint, lines)));
  await untilStopped();
  await stopWithin(() => gateway.stop());
}

/** One line for people. */
function gatewayLine(
  event: NodeGatewayEvent,
  endpointName: string,
  lines: readonly NamedLine[],
): string {
  switch (event.kind) {
    case "line-up":
      return `${lines[event.line].text} is open`;
    case "line-down":
      return `${lines[event.line].text} does not work: ${event.reason}; trying again`;
    case "line-text":
      return `${lines[event.line].text} prints: ${event.text.trimEnd()}`;
    case "relayed":
      return `${event.path} -> ${formatCode(event.code)}`;
    case "gone":
      return `Device ${event.endpointName} is gone`;
    default:
      if ("device" in event) return `Device ${event.endpointName} ${event.kind}`;
      return eventLine(event, endpointName);
  }
}

function lineOption(text: string, before: readonly NamedLine[]): readonly NamedLine[] {
  try {
    return [...before, { text, address: parseLine(text) }];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
