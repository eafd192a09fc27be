/**
 * UDP on Kaluma: a connected socket of its network driver per server. There is no module `dgram` yet, and `net` knows TCP alone.
 *
 * Such a socket tells of nothing: that the network is gone shows when something is sent. Then, and while there is no network to open one on,
 * it is opened again after a while. Of what is sent meanwhile the last goes out then.
 */
import type { Datagrams } from "../../ports.ts";

/** Before a socket is opened again, ms: a name that is not found stops the program for 3 s each time. */
const REOPEN_DELAY = 10000;
const NONE = -1;

export const KALUMA_DATAGRAMS: Datagrams = {
  open: function (host, port, receive) {
    let isWanted = true;
    let socket = NONE;
    let waiting: Uint8Array | undefined;

    function send(datagram: Uint8Array): void {
      waiting = datagram;
      if (socket === NONE) return;
      const network = networkDriver();
      network.write(socket, binaryText(datagram));
      if (network.errno === 0) waiting = undefined;
      else reopen();
    }

    function open(): void {
      if (!isWanted) return;
      const network = networkDriver();
      try {
        socket = network.socket("AF_INET", "DGRAM");
        network.connect(socket, host, port);
      } catch (_) {
        // No network, no socket, or no such name.
        reopen();
        return;
      }
      const opened = network.get(socket);
      if (network.errno !== 0 || opened === undefined) {
        reopen();
        return;
      }
      // With this one parameter: see the declaration.
      opened.read_cb = function (bytes) {
        if (isWanted) receive(bytes);
      };
      if (waiting !== undefined) send(waiting);
    }

    function reopen(): void {
      forget();
      setTimeout(open, REOPEN_DELAY);
    }

    function forget(): void {
      const former = socket;
      socket = NONE;
      if (former !== NONE) networkDriver().close(former);
    }

    open();
    return {
      send: send,
      close: function () {
        isWanted = false;
        forget();
      },
    };
  },
};

/** One character per byte: the driver takes nothing else. */
function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

function networkDriver(): KalumaNetwork {
  // Boards without a network have no such program.
  return global.__netdev as KalumaNetwork;
}
