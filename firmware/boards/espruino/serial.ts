/**
 * A serial port of an Espruino board as its way to a gateway: CoAP in Slipmux frames, beside which nothing else has to be on the line. A
 * BLE UART is the same to the program.
 */
import { coapFrame, FrameReader } from "../../../protocol/coap/slipmux.ts";
import type { Datagrams } from "../../ports.ts";

/** Bytes of a datagram: what an agent on a board sends at most. */
const LONGEST_DATAGRAM = 576;

/** Datagrams over one port, whatever host is asked for. The port is set up already: `Serial1.setup(115200, { rx: ..., tx: ... })`. */
export function serialDatagrams(port: EspruinoSerial): Datagrams {
  return {
    open: function (_host, _port, receive) {
      const reader = new FrameReader(LONGEST_DATAGRAM);
      let isOpen = true;
      port.on("data", function (text) {
        if (!isOpen) return;
        reader.push(E.toUint8Array(text));
        let frame = reader.poll();
        while (frame !== undefined) {
          if (frame.isCoap) receive(frame.bytes);
          frame = reader.poll();
        }
      });
      return {
        send: function (datagram) {
          if (isOpen) port.write(E.toString(coapFrame(datagram)));
        },
        close: function () {
          isOpen = false;
        },
      };
    },
  };
}
