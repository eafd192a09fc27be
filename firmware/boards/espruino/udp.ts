/**
 * UDP on Espruino: a socket per server. Datagrams cross it as binary strings.
 */
import type { Channel, Datagrams } from "../../ports.ts";

/** The interpreter cuts what is longer at 528 bytes unless told otherwise; this is the most it can be told. */
const RECEIVE_BUFFER = 1500;
/** Any. */
const LOCAL_PORT = 0;
/** Before a socket that closed by itself is opened again, ms. */
const REOPEN_DELAY = 1000;

export const ESPRUINO_DATAGRAMS: Datagrams = {
  open: function (host, port, receive) {
    return new EspruinoChannel(host, port, receive);
  },
};

class EspruinoChannel implements Channel {
  private readonly host: string;
  private readonly port: number;
  private readonly receive: (datagram: Uint8Array) => void;
  private socket: EspruinoDatagramSocket | undefined = undefined;
  private isClosed = false;

  constructor(host: string, port: number, receive: (datagram: Uint8Array) => void) {
    this.host = host;
    this.port = port;
    this.receive = receive;
    this.open();
  }

  send(datagram: Uint8Array): void {
    if (this.socket === undefined) return;
    this.socket.send(E.toString(datagram), this.port, this.host);
  }

  close(): void {
    const socket = this.socket;
    this.isClosed = true;
    this.socket = undefined;
    if (socket !== undefined) socket.close();
  }

  private open(): void {
    const channel = this;
    // biome-ignore lint/style/useNodejsImportProtocol: the firmware's own module
    const socket = require("dgram").createSocket({ type: "udp4", recvBufferSize: RECEIVE_BUFFER });
    socket.on("message", function (datagram, peer) {
      // Whoever is not at the server's port is not the server.
      if (peer.port === channel.port) channel.receive(E.toUint8Array(datagram));
    });
    socket.on("error", function () {});
    socket.on("close", function () {
      // A datagram without bytes, from anyone, closes a socket; the event may come twice.
      if (channel.socket !== socket || channel.isClosed) return;
      channel.socket = undefined;
      setTimeout(function () {
        if (!channel.isClosed && channel.socket === undefined) channel.open();
      }, REOPEN_DELAY);
    });
    socket.bind(LOCAL_PORT);
    this.socket = socket;
  }
}
