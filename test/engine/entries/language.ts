/**
 * What portable code is written in, one line per construct: the bundle must print on every engine what this file prints on Node.
 * A construct that portable code begins to use gets a line here first.
 */
declare function print(line: string): void;

const DOUBLE_BYTES = 8;

class Shape {
  static readonly kind: string = "shape";
  protected readonly sides: number;
  private readonly visits: string[] = [];
  private angle = 0;

  constructor(sides: number) {
    this.sides = sides;
  }

  get turned(): number {
    return this.angle;
  }

  set turned(degrees: number) {
    this.angle = degrees % 360;
  }

  visit(name: string): number {
    this.visits.push(name);
    return this.visits.length;
  }

  describe(): string {
    return `shape of ${this.sides}`;
  }
}

class Rectangle extends Shape {
  readonly width: number;

  constructor(width: number) {
    super(4);
    this.width = width;
  }

  override describe(): string {
    return `${super.describe()}, width ${this.width}`;
  }
}

class Square extends Rectangle {
  override describe(): string {
    return `${super.describe()}, square`;
  }
}

const square = new Square(3);
print(square.describe());
print(`${Square.kind} ${square instanceof Shape} ${square.constructor === Square}`);
print(`${square.visit("a")} ${square.visit("b")} ${new Square(1).visit("a")}`);
square.turned = 400;
print(`turned ${square.turned}`);

function area(width: number, height = width, ...scales: number[]): number {
  let result = width * height;
  for (const scale of scales) result *= scale;
  return result;
}
print(`${area(2)} ${area(2, 3)} ${area(2, 3, 4, 5)}`);

const captured: (() => number)[] = [];
for (let i = 0; i < 3; i++) captured.push(() => i);
print(captured.map((get) => get()).join(" "));

interface Pair {
  left: number;
  right?: { deep?: number };
}
const pair: Pair = { left: 1 };
const { left, ...others } = { ...pair, extra: 5 };
print(`${left} ${others.extra} ${pair.right?.deep ?? "none"} ${[...[1, 2], 3].join("")}`);
const [first, second] = [10, 20];
print(`${first} ${second}`);

function grade(points: number): string {
  switch (points) {
    case 0:
      return "none";
    case 1:
    case 2:
      return "few";
    default:
      return "many";
  }
}
print([0, 1, 2, 3].map(grade).join(" "));

function kind(value: unknown, from: number): string {
  let found = "";
  switch (from) {
    case 0:
    case 1:
      typeof value === "string" ? (found = "text") : (found = "other");
      break;
    default:
      found = "none";
  }
  if (found === "none") {
    found += "?";
  }
  typeof value === "string" ? (found += "!") : (found += ".");
  return found;
}
print(`${kind("a", 0)} ${kind("a", 1)} ${kind(1, 1)} ${kind("a", 2)} ${kind(1, 2)}`);

function attempt(fails: boolean): string {
  const trail: string[] = [];
  try {
    trail.push("try");
    if (fails) throw new Error("fault");
  } catch (error) {
    trail.push((error as Error).message);
  } finally {
    trail.push("finally");
  }
  return trail.join(" ");
}
print(`${attempt(false)}; ${attempt(true)}`);

print(declaredBelow());
function declaredBelow(): string {
  return "a function below its first use";
}

const bytes = new Uint8Array([1, 2, 253, 254, 255, 256]);
const view = bytes.subarray(2, 5);
view[0] = 300;
const joined = new Uint8Array(8);
joined.set(bytes, 1);
joined.fill(9, 7);
print(`${hex(bytes)} ${hex(view)} ${hex(joined)} ${bytes.byteOffset}`);

const numbers = new DataView(new ArrayBuffer(DOUBLE_BYTES));
numbers.setFloat64(0, -21.5);
print(hex(new Uint8Array(numbers.buffer)));
numbers.setFloat32(0, 0.1);
print(`${numbers.getUint32(0)} ${numbers.getInt16(0)} ${numbers.getUint16(0, true)}`);

print(
  `${0xffffffff >>> 0} ${0xffffffff | 0} ${1 << 31} ${(1 << 31) >>> 0} ${-5 >> 1} ${-5 >>> 28}`,
);
print(`${9007199254740991 - 1} ${4294967296 * 2097151} ${Math.floor(9007199254740991 / 256)}`);
print(`${7 % 3} ${-7 % 3} ${Math.floor(-0.5)} ${Math.max(1, 5, 3)} ${Infinity > 1e300}`);
print(`${0x7f} ${(255).toString(16)} ${(1.005).toFixed(1)} ${Number("12")} ${Number("x")}`);

print(
  `${"a,b,,c".split(",").length} ${"path/to".indexOf("/")} ${"abc".charCodeAt(1)} ${"\xff".length}`,
);
print(`${"Register".substring(2, 5)} ${" x ".trim()} ${"q=1&q=2".lastIndexOf("q")} ${"ab" < "b"}`);
print(`${[3, 1, 2].sort((a, b) => a - b).join("")} ${[1, 2, 3, 4].splice(1, 2).join("")}`);
print(`${Object.keys({ b: 1, a: 2 }).join("")} ${[1, 2].concat([3]).reduce((a, b) => a + b, 0)}`);
print(`${typeof undefined} ${typeof null} ${typeof print} ${void 0 === undefined}`);
print(JSON.stringify({ a: [1, "x", null, true], b: { c: 'q"' } }));
print(`${JSON.parse('{"a":[1,2,{"b":"c"}]}').a[2].b}`);

let text = "";
for (const name in { one: 1, two: 2 }) text += name;
do text += "!";
while (text.length < 10);
print(text);

function hex(of8: Uint8Array): string {
  let out = "";
  for (let i = 0; i < of8.length; i++) out += (of8[i] < 16 ? "0" : "") + of8[i].toString(16);
  return out;
}
