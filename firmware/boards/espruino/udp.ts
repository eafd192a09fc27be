/**
 * UDP on Espruino: a socket per server. Datagrams cross it as binary strings.
 *
 * A socket may go at any time: a datagram without bytes, from anyone, closes it, and a board out of sockets has none to give. Then it is
 * opened again after a while, at the same port, where its server goes on sending. Of what is sent meanwhile the last goes out then.
 *
 * Opening is a turn of its own: an exception takes memory for each call that it passes, which a small board does not have.
 */
import type { Datagrams } from "../../ports.ts";
import { ESPRUINO_RANDOM } from "./entropy.ts";

/** The interpreter cuts what is longer at 528 bytes unless told otherwise; this is the most it can be told. */
const RECEIVE_BUFFER = 1500;
/** Where ports that nobody has reserved begin. The interpreter does not tell which one it chose, so we choose. */
const DYNAMIC_PORTS = 49152;
const DYNAMIC_PORTS_MASK = 16383;
/** Before a socket that closed by itself is opened again, ms. */
const REOPEN_DELAY = 1000;

export const ESPRUINO_DATAGRAMS: Datagrams = {
  open: function (host, port, receive) {
    let isWanted = true;
    let current: EspruinoDatagramSocket | undefined;
    let localPort = dynamicPort();
    let waiting: Uint8Array | undefined;

    function send(datagram: Uint8Array): void {
      waiting = undefined;
      try {
        // Throws between the end of a socket and its event.
        if (current === undefined) waiting = datagram;
        else current.send(E.toString(datagram), port, host);
      } catch (_) {}
    }

    function open(): void {
      if (!isWanted) return;
      try {
        // biome-ignore lint/style/useNodejsImportProtocol: the firmware's own module
        const socket = require("dgram").createSocket({
          type: "udp4",
          recvBufferSize: RECEIVE_BUFFER,
        });
        socket.on("message", function (datagram, peer) {
          // Whoever is not at the server's port is not the server.
          if (peer.port === port) receive(E.toUint8Array(datagram));
        });
        socket.on("close", function () {
          // The event may come twice, and for a socket that could not be bound.
          if (current === socket) openIn(REOPEN_DELAY);
        });
        socket.bind(localPort);
        current = socket;
      } catch (_) {
        // Somebody has it.
        localPort = dynamicPort();
        openIn(REOPEN_DELAY);
      }
      if (waiting !== undefined) send(waiting);
    }

    function openIn(delay: number): void {
      current = undefined;
      setTimeout(open, delay);
    }

    openIn(0);
    return {
      send: send,
      close: function () {
        const socket = current;
        isWanted = false;
        current = undefined;
        try {
          if (socket !== undefined) socket.close();
        } catch (_) {}
      },
    };
  },
};

function dynamicPort(): number {
  return DYNAMIC_PORTS + (ESPRUINO_RANDOM.uint32() & DYNAMIC_PORTS_MASK);
}
