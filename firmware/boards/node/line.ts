/**
 * Lines that carry CoAP in Slipmux frames, on Node: a serial port, or TCP to something that has one. A line that breaks is opened again.
 */
import { execFile } from "node:child_process";
import { constants, openSync } from "node:fs";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { ReadStream, WriteStream } from "node:tty";
import { coapFrame, FrameReader } from "../../../protocol/coap/slipmux.ts";
import type { Channel, Datagrams } from "../../ports.ts";

/** What comes of a line. */
export interface LineListener {
  /** A CoAP message, in bytes that are the receiver's. */
  readonly datagram: (datagram: Uint8Array) => void;
  /** The line works, or does not: once at each change. */
  readonly state?: (isUp: boolean, reason: string) => void;
  /** What the board prints for people. */
  readonly text?: (text: string) => void;
}

/** Bytes of a datagram; UDP's practical limit, which CoAP keeps to. */
const LONGEST_DATAGRAM = 1280;
const DEFAULT_BAUD = 115200;
/** Before a line that broke is opened again: this, and twice as long each time, ms. */
const FIRST_REOPEN_DELAY = 1000;
const LONGEST_REOPEN_DELAY = 30_000;
/** Bytes that may wait to be sent; beyond it datagrams are lost, as on any line. */
const MAX_WAITING = 64 * 1024;
/** A port that cannot be opened with `stty` after this long hangs, ms. */
const STTY_TIMEOUT = 5000;

/** Where a line leads: `/dev/ttyUSB0`, `/dev/ttyUSB0@9600`, `tcp:HOST:PORT`. */
export type LineAddress =
  | { readonly kind: "serial"; readonly path: string; readonly baud: number }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** Reads the address of a line; throws an Error that says what it has to be. */
export function parseLine(text: string): LineAddress {
  const tcp = /^tcp:(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (tcp !== null) {
    const port = Number(tcp[3]);
    if (port > 0 && port < 65536) return { kind: "tcp", host: tcp[1] ?? tcp[2], port };
  }
  const serial = /^(\/[^@]+)(?:@(\d{1,7}))?$/.exec(text);
  if (serial !== null) {
    const baud = serial[2] === undefined ? DEFAULT_BAUD : Number(serial[2]);
    if (baud > 0) return { kind: "serial", path: serial[1], baud };
  }
  throw new Error(
    `"${text}" is no line: it must be /dev/DEVICE, /dev/DEVICE@BAUD or tcp:HOST:PORT.`,
  );
}

/** A line that is held open until `close`. */
export class NodeLine implements Channel {
  private readonly address: LineAddress;
  private readonly listener: LineListener;
  private stream: Duplex | undefined = undefined;
  private reopening: NodeJS.Timeout | undefined = undefined;
  private delay = FIRST_REOPEN_DELAY;
  private isUp = false;
  private isClosed = false;

  constructor(address: LineAddress, listener: LineListener) {
    this.address = address;
    this.listener = listener;
    this.open();
  }

  send(datagram: Uint8Array): void {
    const { stream } = this;
    if (stream === undefined || !this.isUp || stream.writableLength > MAX_WAITING) return;
    stream.write(coapFrame(datagram));
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.reopening);
    this.stream?.destroy();
    this.stream = undefined;
  }

  private open(): void {
    if (this.address.kind === "tcp") {
      const socket = connect(this.address.port, this.address.host);
      socket.setNoDelay(true);
      // A terminal server that was switched off says nothing; without probes its line stays open for ever.
      socket.setKeepAlive(true, 30_000);
      this.follow(socket, "connect");
      return;
    }
    const { path, baud } = this.address;
    openSerial(path, baud).then(
      (stream) => {
        if (this.isClosed) stream.destroy();
        else {
          this.follow(stream, undefined);
          this.handleUp();
        }
      },
      (error: Error) => this.handleDown(error.message),
    );
  }

  private follow(stream: Duplex, ready: "connect" | undefined): void {
    const reader = new FrameReader(LONGEST_DATAGRAM);
    let reason = "it was closed";
    this.stream = stream;
    if (ready !== undefined) stream.once(ready, () => this.handleUp());
    stream.on("data", (bytes: Buffer) => {
      reader.push(bytes);
      for (let frame = reader.poll(); frame !== undefined; frame = reader.poll()) {
        if (frame.isCoap) this.listener.datagram(frame.bytes);
        else this.listener.text?.(Buffer.from(frame.bytes).toString());
      }
    });
    stream.on("error", (error) => {
      reason = error.message;
    });
    stream.once("end", () => stream.destroy());
    stream.once("close", () => {
      if (this.stream === stream) this.handleDown(reason);
    });
  }

  private handleUp(): void {
    this.isUp = true;
    this.delay = FIRST_REOPEN_DELAY;
    this.listener.state?.(true, "");
  }

  private handleDown(reason: string): void {
    this.stream = undefined;
    if (this.isClosed) return;
    // A line that never worked is told of once, too.
    if (this.isUp || this.delay === FIRST_REOPEN_DELAY) this.listener.state?.(false, reason);
    this.isUp = false;
    this.reopening = setTimeout(() => this.open(), this.delay);
    this.delay = Math.min(this.delay * 2, LONGEST_REOPEN_DELAY);
  }
}

/** Datagrams over one line, whatever host is asked for: for a device that has no other way out. */
export function lineDatagrams(
  address: LineAddress,
  listener: Omit<LineListener, "datagram"> = {},
): Datagrams {
  return {
    open: (_host, _port, receive) => new NodeLine(address, { ...listener, datagram: receive }),
  };
}

/** The port as a stream of bytes, neither echoed nor translated. */
async function openSerial(path: string, baud: number): Promise<Duplex> {
  const settings = [String(baud), "raw", "-echo", "clocal", "-hupcl"];
  await new Promise<void>((resolve, reject) => {
    const flag = process.platform === "linux" ? "-F" : "-f";
    execFile("stty", [flag, path, ...settings], { timeout: STTY_TIMEOUT }, (error, _out, said) => {
      if (error === null) resolve();
      else reject(new Error(said.trim() || error.message));
    });
  });
  const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;
  const input = new ReadStream(openSync(path, flags));
  const output = new WriteStream(openSync(path, flags));
  const port = Duplex.from({ readable: input, writable: output });
  // `Duplex.from` leaves descriptors open that `destroy` should close.
  port.once("close", () => {
    input.destroy();
    output.destroy();
  });
  return port;
}
