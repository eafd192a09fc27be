/** What to write instead of what a board does not have, by the names under which programs ask for it. */
import { FIRMWARE_MODULES } from "../boards.ts";
import { entryPoints, PACKAGE_NAME } from "../library.ts";

const OBJECT = "keep values in an object, `{ [key: string]: T }`";
const BYTES = "use Uint8Array, and `encodeUtf8` and `decodeUtf8` of dormouse-lwm2m/protocol";
const LATER = "use setTimeout";
const ERROR = "throw a plain Error with a `code` field";

/** Globals of JavaScript and Node. */
const NAMES: Readonly<Record<string, string>> = {
  Map: OBJECT,
  WeakMap: OBJECT,
  Set: "use an array with `includes`, or an object",
  WeakSet: "use an array with `includes`",
  Symbol: "use strings as keys",
  Proxy: "use getters and setters",
  Reflect: "use the methods of Object",
  BigInt: "use Integer64 of dormouse-lwm2m/protocol",
  Buffer: BYTES,
  TextEncoder: BYTES,
  TextDecoder: BYTES,
  RangeError: ERROR,
  structuredClone: "copy with Object.assign",
  performance: "use getTime(), in seconds",
  setImmediate: LATER,
  queueMicrotask: "use Promise.resolve().then(...), or setTimeout",
  URL: "take the text apart with indexOf and slice",
  fetch: 'use require("http").get',
  module: "export by name: a bundle is made of ES modules",
  exports: "export by name: a bundle is made of ES modules",
  Intl: "format by hand",
  WeakRef: "keep the object itself",
  crypto: 'use require("crypto"), and ESPRUINO_RANDOM for random numbers',
};

/** Members, by the type that lacks them. */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ArrayConstructor: {
    from: "copy with slice, concat or a loop",
    of: "write the array itself, [a, b]",
  },
  Array: {
    flat: "use reduce with concat",
    flatMap: "use map, then reduce with concat",
    at: "use an index",
    lastIndexOf: "search backwards in a loop",
    entries: "use forEach((value, index) => ...)",
    keys: "use forEach((value, index) => ...)",
    values: "the array itself can be looped over",
    findLast: "search backwards in a loop",
    reduceRight: "reverse a copy, slice().reverse(), and use reduce",
    copyWithin: "copy in a loop",
    toSorted: "sort a copy: slice().sort()",
  },
  TypedArrayConstructor: {
    from: "use `new`, which takes an array",
    of: "use `new` with an array",
    BYTES_PER_ELEMENT: "write the number",
  },
  TypedArray: {
    slice: "use `new Uint8Array(bytes.subarray(...))`: on a board slice gives a plain array",
    at: "use an index",
  },
  Promise: { finally: "give the same function to then and catch" },
  PromiseConstructor: {
    race: "let the first callback win by a flag of your own",
    any: "let the first callback win by a flag of your own",
    allSettled: "use all, with a catch on each promise",
    withResolvers: "use new Promise((resolve, reject) => ...)",
  },
  String: {
    at: "use charAt",
    codePointAt: "use charCodeAt: characters are bytes",
    matchAll: "use exec with the flag g in a loop",
    match: "use exec",
    search: "use exec, whose result has an index",
    padStart: "write a loop, or use toFixed for digits",
    padEnd: "write a loop",
    repeat: "write a loop",
    replaceAll: "use split(a).join(b)",
    localeCompare: "compare with < and >",
    normalize: "there is no table of characters on a board",
    trimStart: "use trim",
    trimEnd: "use trim",
  },
  NumberConstructor: {
    isInteger: "compare with Math.floor",
    isNaN: "use the function isNaN",
    isFinite: "use the function isFinite",
    isSafeInteger: "compare with Math.floor",
    parseFloat: "use the function parseFloat",
    parseInt: "use the function parseInt",
    MAX_SAFE_INTEGER: "write 9007199254740991",
    EPSILON: "write the number",
  },
  Number: { toPrecision: "use toFixed", toLocaleString: "use toFixed" },
  Math: {
    pow: "multiply, since it is inexact there",
    trunc: "use Math.floor, or | 0 for 32 bits",
    imul: "multiply, and | 0",
    log2: "divide logarithms: Math.log(x) / Math.LN2",
    log10: "divide logarithms: Math.log(x) / Math.LN10",
    hypot: "use Math.sqrt(x * x + y * y)",
    cbrt: "use Math.exp(Math.log(x) / 3)",
    clz32: "shift in a loop",
    fround: "write to a Float32Array and read it",
  },
  ObjectConstructor: {
    freeze: "leave it out, and declare it `readonly`",
    seal: "leave it out",
    is: "use ===",
    hasOwn: "use object.hasOwnProperty(key)",
    getOwnPropertyDescriptor: "it does not tell of getters on a board",
    groupBy: "use forEach and an object",
  },
  Error: { name: "compare a `code` field of your own", cause: "use a field of your own" },
  Function: { name: "it is undefined on a board: use a constant" },
  CallableFunction: { name: "it is undefined on a board: use a constant" },
};

/** Modules of Node that have a counterpart. */
const MODULES: Readonly<Record<string, string>> = {
  fs: 'use require("Storage")',
  dgram: 'use ESPRUINO_DATAGRAMS, or require("dgram")',
  net: 'use require("net")',
  tls: 'use require("tls")',
  http: 'use require("http")',
  https: 'use require("http")',
  crypto: 'use require("crypto")',
  timers: LATER,
};

/** For a global that the board's declarations do not have; undefined when nothing is known of it. */
export function adviceForName(name: string): string | undefined {
  const instead = own(NAMES, name);
  return instead === undefined ? undefined : `there is no ${name} on a board: ${instead}`;
}

/** For a member of a type as TypeScript writes it: `number[]`, `TypedArrayConstructor<Uint8Array>`, `() => void`. */
export function adviceForMember(member: string, type: string): string | undefined {
  const owner = ownerOf(type);
  const members = owner === undefined ? undefined : own(MEMBERS, owner);
  const instead = members === undefined ? undefined : own(members, member);
  if (instead === undefined) return undefined;
  return `there is no \`${member}\` of ${nameOf(owner ?? type)} on a board: ${instead}`;
}

/** For a module that cannot be found. */
export function adviceForModule(specifier: string): string {
  if (specifier === PACKAGE_NAME || specifier.startsWith(`${PACKAGE_NAME}/`)) {
    return `there is no ${specifier}: import from ${entryPoints().join(", ")}`;
  }
  const name = specifier.replace(/^node:/, "");
  if (specifier !== name || own(MODULES, name) !== undefined) {
    const instead = own(MODULES, name);
    return `there are no modules of Node on a board${instead === undefined ? "" : `: ${instead}`}`;
  }
  if (FIRMWARE_MODULES.includes(name)) {
    return `${name} is in the board's firmware: use require("${name}")`;
  }
  if (specifier.startsWith(".")) return `there is no file ${specifier}`;
  return `there is no package ${specifier}: install it, if boards can run it`;
}

function ownerOf(type: string): string | undefined {
  if (/\[\]$/.test(type) || /^(readonly |ReadonlyArray<|Array<|\[)/.test(type)) return "Array";
  if (/^TypedArrayConstructor\b/.test(type)) return "TypedArrayConstructor";
  if (/^(U?[Ii]nt|Float)\d+Array\b/.test(type)) return "TypedArray";
  if (/^["`]|^string$|^String$/.test(type)) return "String";
  if (/^-?\d|^number$|^Number$/.test(type)) return "Number";
  if (/=>/.test(type)) return "Function";
  return /^[A-Za-z]+/.exec(type)?.[0];
}

/** As programs say it: `Array.from`, not `ArrayConstructor.from`. */
function nameOf(owner: string): string {
  const name = owner.replace(/Constructor$/, "");
  return name === "TypedArray" ? "typed arrays" : name;
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
