/** tshark as an independent judge of what went over the wire. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatCode } from "../../../protocol/coap/codes.ts";
import type { CapturedDatagram } from "./capture.ts";
import { writeCapture, writeStreamCapture } from "./capture.ts";
import { Child } from "./child.ts";

/** One message as tshark sees it. Texts are empty where it shows nothing. */
export interface Dissected {
  /** For example `raw:ip:udp:coap:lwm2mtlv`. */
  readonly protocols: string;
  /** CON 0, NON 1, ACK 2, RST 3; none on a stream. */
  readonly type: string;
  /** `0.01`, `2.05`. */
  readonly code: string;
  readonly messageId: string;
  /** Of a response that of its request, which tshark has found. */
  readonly path: string;
  readonly contentFormat: string;
  readonly observe: string;
  /** Texts in TLV resources, separated by commas. */
  readonly tlvTexts: string;
  /** Everything tshark marks as wrong or doubtful. */
  readonly complaints: string;
}

const FIELDS = [
  "frame.protocols",
  "coap.type",
  "coap.code",
  "coap.mid",
  "coap.opt.uri_path_recon",
  "coap.opt.ctype",
  "coap.opt.observe",
  "lwm2mtlv.resource.manufacturer",
  "lwm2mtlv.resource.model_number",
  "lwm2mtlv.value.string",
  "_ws.malformed",
  "_ws.expert.message",
];

/** Has tshark read the datagrams, those to or from these ports as CoAP. */
export function dissect(
  datagrams: readonly CapturedDatagram[],
  coapPorts: readonly number[],
): Promise<Dissected[]> {
  return dissectFile((file) => writeCapture(file, datagrams), "udp", coapPorts);
}

/** Has tshark read the messages in what went over TCP to and from these ports; handshakes are left out. */
export async function dissectStreams(
  pieces: readonly CapturedDatagram[],
  coapPorts: readonly number[],
): Promise<Dissected[]> {
  const packets = await dissectFile((file) => writeStreamCapture(file, pieces), "tcp", coapPorts);
  return packets.filter(({ protocols }) => protocols !== "raw:ip:tcp");
}

async function dissectFile(
  write: (file: string) => Promise<void>,
  transport: "udp" | "tcp",
  coapPorts: readonly number[],
): Promise<Dissected[]> {
  const folder = await mkdtemp(join(tmpdir(), "dormouse-capture-"));
  try {
    const file = join(folder, "run.pcap");
    await write(file);
    const asCoap = coapPorts.flatMap((port) => ["-d", `${transport}.port==${port},coap`]);
    const fields = FIELDS.flatMap((field) => ["-e", field]);
    const lines = await Child.run("tshark", [
      "-r",
      file,
      "-T",
      "fields",
      "-E",
      "separator=|",
      ...asCoap,
      ...fields,
    ]);
    return lines.filter((line) => line.includes("|")).map(dissected);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function dissected(line: string): Dissected {
  const fields = line.split("|");
  const [protocols, type, code, messageId, path, contentFormat, observe] = fields;
  return {
    protocols,
    type,
    code: formatCode(Number(code)),
    messageId,
    path,
    contentFormat,
    observe,
    tlvTexts: fields.slice(7, 10).join(),
    complaints: fields.slice(10).join(""),
  };
}
