import { spawnSync } from "node:child_process";
import type { Candidate } from "./engine.ts";

/** What `espruino.lib.d.ts` declares and duktape lacks, so that a difference means a fault of the bundle. */
const PRELUDE = `(function () {
  function add(prototype, name, method) {
    if (!prototype[name]) Object.defineProperty(prototype, name, { value: method });
  }
  function findIndex(test) {
    for (var i = 0; i < this.length; i++) if (test(this[i], i)) return i;
    return -1;
  }
  function fill(value, start, end) {
    var last = end === undefined ? this.length : end;
    for (var i = start || 0; i < last; i++) this[i] = value;
    return this;
  }
  function indexOf(value) {
    return findIndex.call(this, function (other) { return other === value; });
  }
  function values(object) {
    return Object.keys(object).map(function (key) { return object[key]; });
  }
  add(Array.prototype, "fill", fill);
  add(Array.prototype, "findIndex", findIndex);
  add(Array.prototype, "find", function (test) { return this[findIndex.call(this, test)]; });
  add(Array.prototype, "includes", function (value) { return indexOf.call(this, value) >= 0; });
  var typedArray = Object.getPrototypeOf(Uint8Array.prototype);
  add(typedArray, "fill", fill);
  add(typedArray, "indexOf", indexOf);
  add(Object, "values", values);
  add(Object, "entries", function (object) {
    return Object.keys(object).map(function (key) { return [key, object[key]]; });
  });
})();
`;

/** Duktape's command `duk` (Debian package duktape): a small engine of ES5 and typed arrays, like a board's. */
export function findDuktape(): Candidate {
  const name = "duktape";
  if (spawnSync("duk", ["-e", "1"]).error !== undefined) {
    return { name, engine: undefined, missing: "no `duk` on the PATH (Debian package duktape)" };
  }
  return {
    name,
    engine: {
      name,
      async run(code) {
        const { status, stdout, stderr } = spawnSync("duk", ["--run-stdin"], {
          input: PRELUDE + code,
          encoding: "utf8",
          timeout: 60_000,
        });
        if (status !== 0) throw new Error(`duktape: ${stderr}${stdout}`);
        return stdout.split("\n").slice(0, -1);
      },
    },
  };
}
