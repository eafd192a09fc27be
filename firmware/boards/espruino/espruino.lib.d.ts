/**
 * The language that portable code may use: what Espruino 2v29 has on every board, and nothing else.
 *
 * `tsconfig.portable.json` checks `protocol/` and the agent against this file alone (`noLib`, no `types`), so that what a board
 * lacks does not compile: Map, Set, Symbol, Promise, timers, clocks, dice, `console`, `Array.from`, `Number.isInteger`,
 * `Object.freeze`, `arr.length = n` and so on. What exists but is wrong is left out as well: `Math.pow` is inexact,
 * `typedArray.slice` returns a plain Array, `String.split` ignores its limit, `Function.name` is undefined. What a board does
 * beyond the language is in `espruino.api.d.ts`.
 */

declare const undefined: undefined;
declare const NaN: number;
declare const Infinity: number;

declare function isNaN(value: number): boolean;
declare function isFinite(value: number): boolean;
declare function parseInt(text: string, radix: number): number;
declare function parseFloat(text: string): number;

type PropertyKey = string | number;

interface Object {
  constructor: Function;
  toString(): string;
  valueOf(): Object;
  hasOwnProperty(key: PropertyKey): boolean;
}

interface ObjectConstructor {
  readonly prototype: Object;
  assign<T extends object, U>(target: T, source: U): T & U;
  /** Without property descriptors: the second argument is ignored on a board. */
  create(prototype: object | null): any;
  keys(object: object): string[];
  values<T>(object: { readonly [key: string]: T }): T[];
  entries<T>(object: { readonly [key: string]: T }): [string, T][];
  getPrototypeOf(object: object): any;
  setPrototypeOf<T extends object>(object: T, prototype: object | null): T;
  defineProperty<T extends object>(
    object: T,
    key: string,
    property: { value?: unknown; get?(): unknown; set?(value: any): void; writable?: boolean },
  ): T;
}
declare const Object: ObjectConstructor;

interface Function {
  readonly length: number;
  readonly prototype: any;
  apply(self: any, parameters?: any): any;
  call(self: any, ...parameters: any[]): any;
  bind(self: any, ...parameters: any[]): any;
}

interface CallableFunction extends Function {
  apply<T, R>(this: (this: T) => R, self: T): R;
  apply<T, A extends any[], R>(this: (this: T, ...parameters: A) => R, self: T, parameters: A): R;
  call<T, A extends any[], R>(this: (this: T, ...parameters: A) => R, self: T, ...parameters: A): R;
  bind<T>(this: T, self: ThisParameterType<T>): OmitThisParameter<T>;
}

interface NewableFunction extends Function {}

interface IArguments {
  readonly length: number;
  [index: number]: any;
}

interface Boolean {
  valueOf(): boolean;
}
type BooleanConstructor = (value?: unknown) => boolean;
declare const Boolean: BooleanConstructor;

interface Number {
  toString(radix?: number): string;
  toFixed(digits?: number): string;
  valueOf(): number;
}
interface NumberConstructor {
  /** `Number(" 12 ")` is NaN on a board. */
  (value?: unknown): number;
  readonly MAX_VALUE: number;
  readonly MIN_VALUE: number;
  readonly POSITIVE_INFINITY: number;
  readonly NEGATIVE_INFINITY: number;
  readonly NaN: number;
}
declare const Number: NumberConstructor;

interface String {
  readonly length: number;
  readonly [index: number]: string;
  charAt(index: number): string;
  charCodeAt(index: number): number;
  concat(other: string): string;
  endsWith(end: string): boolean;
  includes(part: string): boolean;
  indexOf(part: string, from?: number): number;
  lastIndexOf(part: string, from?: number): number;
  replace(pattern: string | RegExp, by: string | ((match: string) => string)): string;
  slice(start: number, end?: number): string;
  split(separator: string): string[];
  startsWith(start: string): boolean;
  substring(start: number, end?: number): string;
  toLowerCase(): string;
  toUpperCase(): string;
  toString(): string;
  trim(): string;
  valueOf(): string;
}
interface StringConstructor {
  (value?: unknown): string;
  /** Boards without unicode support keep only the low byte of a unit. */
  fromCharCode(...units: number[]): string;
}
declare const String: StringConstructor;

interface RegExp {
  exec(text: string): RegExpExecArray | null;
  test(text: string): boolean;
  lastIndex: number;
}
interface RegExpExecArray extends Array<string> {
  index: number;
}

interface ArrayLike<T> {
  readonly length: number;
  readonly [index: number]: T;
}

interface ReadonlyArray<T> {
  readonly length: number;
  readonly [index: number]: T;
  concat(...others: (T | readonly T[])[]): T[];
  every(test: (value: T, index: number) => boolean): boolean;
  filter<S extends T>(test: (value: T, index: number) => value is S): S[];
  filter(test: (value: T, index: number) => boolean): T[];
  find<S extends T>(test: (value: T, index: number) => value is S): S | undefined;
  find(test: (value: T, index: number) => boolean): T | undefined;
  findIndex(test: (value: T, index: number) => boolean): number;
  forEach(visit: (value: T, index: number) => void): void;
  includes(value: T): boolean;
  indexOf(value: T): number;
  join(separator?: string): string;
  map<U>(convert: (value: T, index: number) => U): U[];
  reduce<U>(combine: (sum: U, value: T, index: number) => U, start: U): U;
  slice(start?: number, end?: number): T[];
  some(test: (value: T, index: number) => boolean): boolean;
}

/** `length` is read-only: assigning it throws on a board; use `splice`. */
interface Array<T> extends ReadonlyArray<T> {
  [index: number]: T;
  fill(value: T, start?: number, end?: number): this;
  pop(): T | undefined;
  push(...values: T[]): number;
  reverse(): T[];
  shift(): T | undefined;
  /** Not stable on a board. */
  sort(compare?: (a: T, b: T) => number): this;
  splice(start: number, deleteCount: number, ...values: T[]): T[];
  unshift(...values: T[]): number;
}
interface ArrayConstructor {
  new <T>(length: number): T[];
  isArray(value: unknown): value is any[];
}
declare const Array: ArrayConstructor;

interface ArrayBuffer {
  readonly byteLength: number;
}
interface ArrayBufferConstructor {
  new (byteLength: number): ArrayBuffer;
}
declare const ArrayBuffer: ArrayBufferConstructor;
type ArrayBufferLike = ArrayBuffer;

/**
 * What all typed arrays share on a board. `slice` is missing on purpose: there it returns a plain Array. Reading a negative index
 * throws, and `set` past the end is cut in silence.
 */
interface TypedArray<Self> {
  [index: number]: number;
  readonly buffer: ArrayBuffer;
  readonly byteLength: number;
  readonly byteOffset: number;
  readonly length: number;
  fill(value: number, start?: number, end?: number): this;
  indexOf(value: number): number;
  set(values: ArrayLike<number>, offset?: number): void;
  /** A view of the same bytes. A board does not clamp `end`: beyond `length` it reads what lies behind the view. */
  subarray(start?: number, end?: number): Self;
}
interface TypedArrayConstructor<Self> {
  new (length: number): Self;
  new (values: ArrayLike<number>): Self;
  /** A `length` of 0 means all the rest on a board. */
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): Self;
}

interface Int8Array extends TypedArray<Int8Array> {}
interface Uint8Array<_Buffer = ArrayBuffer> extends TypedArray<Uint8Array> {}
interface Int16Array extends TypedArray<Int16Array> {}
interface Uint16Array extends TypedArray<Uint16Array> {}
interface Int32Array extends TypedArray<Int32Array> {}
interface Uint32Array extends TypedArray<Uint32Array> {}
interface Float32Array extends TypedArray<Float32Array> {}
interface Float64Array extends TypedArray<Float64Array> {}
declare const Int8Array: TypedArrayConstructor<Int8Array>;
declare const Uint8Array: TypedArrayConstructor<Uint8Array>;
declare const Int16Array: TypedArrayConstructor<Int16Array>;
declare const Uint16Array: TypedArrayConstructor<Uint16Array>;
declare const Int32Array: TypedArrayConstructor<Int32Array>;
declare const Uint32Array: TypedArrayConstructor<Uint32Array>;
declare const Float32Array: TypedArrayConstructor<Float32Array>;
declare const Float64Array: TypedArrayConstructor<Float64Array>;

interface DataView {
  readonly buffer: ArrayBuffer;
  readonly byteLength: number;
  readonly byteOffset: number;
  getInt8(byteOffset: number): number;
  getUint8(byteOffset: number): number;
  getInt16(byteOffset: number, littleEndian?: boolean): number;
  getUint16(byteOffset: number, littleEndian?: boolean): number;
  getInt32(byteOffset: number, littleEndian?: boolean): number;
  getUint32(byteOffset: number, littleEndian?: boolean): number;
  getFloat32(byteOffset: number, littleEndian?: boolean): number;
  getFloat64(byteOffset: number, littleEndian?: boolean): number;
  setInt8(byteOffset: number, value: number): void;
  setUint8(byteOffset: number, value: number): void;
  setInt16(byteOffset: number, value: number, littleEndian?: boolean): void;
  setUint16(byteOffset: number, value: number, littleEndian?: boolean): void;
  setInt32(byteOffset: number, value: number, littleEndian?: boolean): void;
  setUint32(byteOffset: number, value: number, littleEndian?: boolean): void;
  setFloat32(byteOffset: number, value: number, littleEndian?: boolean): void;
  setFloat64(byteOffset: number, value: number, littleEndian?: boolean): void;
}
interface DataViewConstructor {
  new (buffer: ArrayBuffer, byteOffset?: number, byteLength?: number): DataView;
}
declare const DataView: DataViewConstructor;

/** No `name`, and classes cannot extend it: give a plain Error a `code` field. There is no RangeError. */
interface Error {
  message: string;
  stack?: string;
}
interface ErrorConstructor {
  new (message?: string): Error;
}
declare const Error: ErrorConstructor;
declare const TypeError: ErrorConstructor;

/** Without `pow` (inexact on a board: multiply), `trunc`, `imul`, `log2`, `hypot`; randomness and time are ports. */
interface Math {
  readonly E: number;
  readonly LN2: number;
  readonly LN10: number;
  readonly PI: number;
  abs(x: number): number;
  acos(x: number): number;
  asin(x: number): number;
  atan(x: number): number;
  atan2(y: number, x: number): number;
  ceil(x: number): number;
  cos(x: number): number;
  exp(x: number): number;
  floor(x: number): number;
  log(x: number): number;
  max(...values: number[]): number;
  min(...values: number[]): number;
  /** `Math.round(-2.5)` is -3 on a board. */
  round(x: number): number;
  sign(x: number): number;
  sin(x: number): number;
  sqrt(x: number): number;
  tan(x: number): number;
}
declare const Math: Math;

/** Numbers lose digits on a board (about 11 are kept), and integers of 2^63 and more wrap in `parse`. */
interface JSON {
  parse(text: string): any;
  stringify(value: unknown): string;
}
declare const JSON: JSON;

/* Types without a run-time part. */
type Partial<T> = { [P in keyof T]?: T[P] };
type Required<T> = { [P in keyof T]-?: T[P] };
type Readonly<T> = { readonly [P in keyof T]: T[P] };
type Pick<T, K extends keyof T> = { [P in K]: T[P] };
type Record<K extends keyof any, T> = { [P in K]: T };
type Exclude<T, U> = T extends U ? never : T;
type Extract<T, U> = T extends U ? T : never;
type Omit<T, K extends keyof any> = Pick<T, Exclude<keyof T, K>>;
type NonNullable<T> = T & {};
type Parameters<T extends (...parameters: any) => any> = T extends (...parameters: infer P) => any
  ? P
  : never;
type ReturnType<T extends (...parameters: any) => any> = T extends (...parameters: any) => infer R
  ? R
  : any;
type ThisParameterType<T> = T extends (this: infer U, ...parameters: never) => any ? U : unknown;
type OmitThisParameter<T> =
  unknown extends ThisParameterType<T>
    ? T
    : T extends (...parameters: infer A) => infer R
      ? (...parameters: A) => R
      : T;
