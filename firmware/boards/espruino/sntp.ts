/**
 * The time of day from the network, once: SNTP (RFC 4330) over the firmware's own datagrams. Not `Wifi.setSNTP`, which moves the clock at
 * any time behind the agent's back; this one goes through the calendar port, so that what waits is not disturbed.
 */
import { ESPRUINO_CALENDAR } from "./clock.ts";
import { ESPRUINO_RANDOM } from "./entropy.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";

const PORT = 123;
const LENGTH = 48;
/** No warning, version 4, client; and what a server answers, whatever its version and warning. */
const CLIENT = 0x23;
const MODE = 0x07;
const SERVER = 4;
const STRATUM = 1;
const UNSYNCHRONIZED = 16;
const ORIGINATE = 24;
const TRANSMIT = 40;
/** From 1900-01-01 to 1970-01-01, seconds; the 32 bits run over in 2036. */
const EPOCH = 2208988800;
const ERA = 4294967296;
const RETRY_AFTER = 2000;
const ATTEMPTS = 3;

/** Asks a server for the time and sets the clock. `done` is told once whether it is set. */
export function setClock(host: string, done: (isSet: boolean) => void): void {
  const request = new Uint8Array(LENGTH);
  request[0] = CLIENT;
  // What the server has to repeat: nobody who does not see the request can answer it.
  const nonce = new DataView(request.buffer);
  nonce.setUint32(TRANSMIT, ESPRUINO_RANDOM.uint32());
  nonce.setUint32(TRANSMIT + 4, ESPRUINO_RANDOM.uint32());
  let left = ATTEMPTS;
  let isDone = false;
  const channel = ESPRUINO_DATAGRAMS.open(host, PORT, function (answer) {
    const seconds = secondsOf(request, answer);
    if (!isDone && seconds >= 0) end(ESPRUINO_CALENDAR.setSeconds(seconds));
  });
  function end(isSet: boolean): void {
    isDone = true;
    channel.close();
    done(isSet);
  }
  function ask(): void {
    if (isDone) return;
    if (left-- === 0) {
      end(false);
      return;
    }
    channel.send(request);
    setTimeout(ask, RETRY_AFTER);
  }
  ask();
}

/** Seconds since 1970 that a server answers; -1 for what is no answer to this request. */
export function secondsOf(request: Uint8Array, answer: Uint8Array): number {
  if (answer.length < LENGTH || (answer[0] & MODE) !== SERVER) return -1;
  if (answer[STRATUM] === 0 || answer[STRATUM] >= UNSYNCHRONIZED) return -1;
  for (let i = 0; i < 8; i++) if (answer[ORIGINATE + i] !== request[TRANSMIT + i]) return -1;
  const times = new DataView(answer.buffer, answer.byteOffset, answer.length);
  const since1900 = times.getUint32(TRANSMIT);
  const seconds = since1900 < EPOCH ? since1900 + ERA - EPOCH : since1900 - EPOCH;
  return seconds + times.getUint32(TRANSMIT + 4) / ERA;
}
