/**
 * TCP on Espruino: a connection per server, made when there is something to send. Bytes cross it as binary strings.
 */
import type { Channel, Streams } from "../../ports.ts";

/** Characters that may wait for a connection to be made: a CSM and a Register. */
const MAX_WAITING = 2048;

export const ESPRUINO_STREAMS: Streams = {
  open: function (host, port, receive) {
    return new EspruinoStream(host, port, receive);
  },
};

class EspruinoStream implements Channel {
  private readonly host: string;
  private readonly port: number;
  private readonly receive: (bytes: Uint8Array) => void;
  /** The connection that counts. */
  private socket: EspruinoSocket | undefined = undefined;
  private isConnected = false;
  private waiting = "";

  constructor(host: string, port: number, receive: (bytes: Uint8Array) => void) {
    this.host = host;
    this.port = port;
    this.receive = receive;
  }

  send(bytes: Uint8Array): void {
    if (bytes.length === 0) {
      this.close();
      return;
    }
    if (this.socket === undefined) this.connect();
    const text = E.toString(bytes);
    if (this.isConnected && this.socket !== undefined) this.socket.write(text);
    else if (this.waiting.length + text.length <= MAX_WAITING) this.waiting += text;
  }

  /** After what was sent. */
  close(): void {
    const socket = this.socket;
    this.forget();
    if (socket !== undefined) socket.end();
  }

  private forget(): void {
    this.socket = undefined;
    this.isConnected = false;
    this.waiting = "";
  }

  private connect(): void {
    const stream = this;
    // biome-ignore lint/style/useNodejsImportProtocol: the firmware's own module
    const socket = require("net").connect({ host: this.host, port: this.port }, function () {
      if (stream.socket !== socket) return;
      stream.isConnected = true;
      socket.write(stream.waiting);
      stream.waiting = "";
    });
    this.socket = socket;
    socket.on("data", function (text) {
      if (stream.socket === socket) stream.receive(E.toUint8Array(text));
    });
    socket.on("error", function () {});
    socket.on("close", function () {
      // It may come twice.
      if (stream.socket !== socket) return;
      stream.forget();
      stream.receive(E.toUint8Array(""));
    });
  }
}
