/** A whole port: the firmware's functions (natives.d.ts) as the ports of an agent (firmware/ports.ts). */
import type { Board } from "../../firmware/ports.ts";

/** For the answer to go out before the restart that it announced, ms. */
const RESTART_DELAY = 500;

let ahead = 0;

function restart(): void {
  nativeRestart(RESTART_DELAY);
}

export const BOARD: Board = {
  datagrams: {
    open: (host, port, receive) => {
      const socket = nativeOpen(host, port, receive);
      return {
        send: (datagram) => nativeSend(socket, datagram),
        close: () => nativeClose(socket),
      };
    },
  },
  clock: { now: () => nativeMillis() },
  calendar: {
    seconds: () => (nativeMillis() + ahead) / 1000,
    setSeconds: (seconds) => {
      ahead = seconds * 1000 - nativeMillis();
      return true;
    },
  },
  alarm: {
    arm: (at, ring) => nativeAlarm(at === Infinity ? -1 : Math.max(at - nativeMillis(), 0), ring),
  },
  random: { uint32: () => nativeRandom() },
  power: { setRadio: () => {}, reboot: restart, factoryReset: restart },
};
