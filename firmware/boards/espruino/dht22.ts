/**
 * A DHT22 (AM2302), which measures temperature and humidity, on one pin of the board. It is asked by a low level of 1 ms, and answers with
 * 40 bits in the lengths of high pulses: humidity, temperature, both in tenths, and a sum.
 */

export interface Climate {
  /** Degrees Celsius. */
  readonly temperature: number;
  /** Percent. */
  readonly humidity: number;
}

/** Of a high level, seconds: longer is a one. */
const LIMIT = 0.00005;
/** Of the answer's edges, what comes before the bits. */
const PREAMBLE = 2;
const BITS = 40;
const ASKING = 1;
/** All of the answer has come by then, ms. */
const ANSWERING = 50;

/** Measures once, at most every 2 s. `done` is given undefined when the sensor says nothing, or something spoilt. */
export function measureDht22(pin: Pin, done: (climate: Climate | undefined) => void): void {
  const bytes = new Uint8Array(BITS / 8);
  let edges = 0;
  digitalWrite(pin, 0);
  const watch = setWatch(
    function (edge) {
      const bit = edges++ - PREAMBLE;
      if (bit < 0 || bit >= BITS) return;
      const isOne = edge.time - edge.lastTime > LIMIT;
      bytes[bit >> 3] = (bytes[bit >> 3] << 1) | (isOne ? 1 : 0);
    },
    pin,
    { repeat: true, edge: "falling" },
  );
  setTimeout(function () {
    pinMode(pin, "input_pullup");
  }, ASKING);
  setTimeout(function () {
    clearWatch(watch);
    done(edges < PREAMBLE + BITS ? undefined : climateOf(bytes));
  }, ANSWERING);
}

function climateOf(bytes: Uint8Array): Climate | undefined {
  const sum = bytes[0] + bytes[1] + bytes[2] + bytes[3];
  if ((sum & 255) !== bytes[4]) return undefined;
  const size = ((bytes[2] & 127) << 8) | bytes[3];
  return {
    humidity: ((bytes[0] << 8) | bytes[1]) / 10,
    temperature: (bytes[2] & 128 ? -size : size) / 10,
  };
}
