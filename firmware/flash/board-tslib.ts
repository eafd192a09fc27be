/**
 * The helpers that TypeScript's ES5 output imports from `tslib`, in the language that Espruino runs. TypeScript's own call
 * `Object.create` with property descriptors and expect statics to be inherited, neither of which a board does.
 *
 * Only these four: a helper that is missing here makes the bundle fail, which is how async code, generators and `#private` that
 * slipped past the syntax check are found.
 */

// biome-ignore-all lint/suspicious/noExplicitAny: helpers work on values of every type

/** `class derived extends base`: copies statics, chains prototypes. A bundle gives the methods, too (`flatten-classes.ts`). */
export function __extends(derived: any, base: any, methods?: any): void {
  for (const name in base) derived[name] = base[name];
  function Link(this: any): void {
    this.constructor = derived;
  }
  Link.prototype = base.prototype;
  derived.prototype = new (Link as any)();
  for (const name in methods) derived.prototype[name] = methods[name];
}

/** `{ ...a, ...b }` */
export function __assign(target: any): any {
  // biome-ignore-start lint/complexity/noArguments: a rest parameter would copy them first
  for (let i = 1; i < arguments.length; i++) {
    const source = arguments[i];
    for (const name in source) target[name] = source[name];
  }
  // biome-ignore-end lint/complexity/noArguments: as above
  return target;
}

/** `const { a, ...rest } = source` */
export function __rest(source: any, taken: string[]): any {
  const rest: any = {};
  for (const name in source) if (taken.indexOf(name) < 0) rest[name] = source[name];
  return rest;
}

/** `[...a, ...b]` and `f(...a)` */
export function __spreadArray(start: any[], added: any[]): any[] {
  return start.concat(added);
}
