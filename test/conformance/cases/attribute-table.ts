/** Write-Attributes that a client refuses, and those that it takes, level by level (LwM2M Core 1.2.2 §7.3.2). */
import type { Version } from "../case.ts";

export interface Refused {
  readonly criterion: "contradiction" | "number" | "level" | "name";
  readonly path: string;
  readonly query: readonly string[];
  readonly since?: Version;
}

export const BATTERY = "/3/0/9";
export const VOLTAGE = "/3/0/7";
export const BOOLEAN = "/1/0/6";
export const STRING = "/3/0/1";
export const INSTANCE = "/3/0";
export const OBJECT = "/3";

/** What is set before; the rows contradict it or themselves. */
export const BEFORE = ["pmin=5", "pmax=60", "gt=80", "lt=20", "st=5"];

const rows = (
  criterion: Refused["criterion"],
  path: string,
  queries: readonly string[],
  { since }: Pick<Refused, "since"> = {},
): Refused[] => queries.map((query) => ({ criterion, path, query: query.split("&"), since }));

export const REFUSED_ROWS: readonly Refused[] = [
  // lt < gt and lt + 2 st < gt, in one request or with what is set.
  ...rows("contradiction", BATTERY, [
    "gt=20&lt=80",
    "gt=50&lt=50",
    "lt=80",
    "lt=90",
    "gt=20",
    "gt=10",
    "st=30",
    "st=40",
    "gt=50&lt=40&st=5",
    "gt=50&lt=30&st=10.5",
    "pmin=1&lt=95",
    "lt=95&pmin=1",
    "gt&lt=70&gt=75&st=10",
  ]),
  ...rows("contradiction", BATTERY, ["epmin=10&epmax=5", "epmin=10&epmax=10"], { since: "1.2" }),
  ...rows(
    "number",
    BATTERY,
    ["pmin", "pmax"].flatMap((name) =>
      ["", "abc", "-1", "1.5", "0x5", "5s", " 5", "1e1", "five", "5,0", "+"].map(
        (value) => `${name}=${value}`,
      ),
    ),
  ),
  ...rows(
    "number",
    BATTERY,
    ["gt", "lt", "st"].flatMap((name) =>
      ["", "abc", "NaN", "Infinity", "-", "0x10", "1..2", "1,5", "--1", "1e", "1 2"].map(
        (value) => `${name}=${value}`,
      ),
    ),
  ),
  ...rows("number", BATTERY, ["st=-1", "st=-0.5", "pmin=1&pmax=x", "pmax=x&pmin=1"]),
  ...rows("number", BATTERY, ["con=2", "con=-1", "con=", "con=true", "hqmax=-1", "hqmax=x"], {
    since: "1.2",
  }),
  ...rows("number", BOOLEAN, ["edge=2", "edge=-1", "edge=", "edge=true"], { since: "1.2" }),
  // gt, lt and st are for numbers, edge is for booleans.
  ...[OBJECT, INSTANCE, STRING, BOOLEAN].flatMap((path) =>
    rows("level", path, ["gt=50", "lt=50", "st=5"]),
  ),
  ...[OBJECT, INSTANCE, STRING, BATTERY].flatMap((path) =>
    rows("level", path, ["edge=1", "edge=0"], { since: "1.2" }),
  ),
  ...rows("name", BATTERY, [
    "foo=1",
    "PMIN=5",
    "pmin =5",
    "p=5",
    "pminn=5",
    "=5",
    "pmin=5&foo=1",
    "foo=1&pmin=5",
    "foo",
  ]),
  ...rows("name", VOLTAGE, ["dim=1"]),
  ...rows("name", OBJECT, ["ver=2.0", "rt=x", "ssid=1"]),
];

/** Every attribute at every level that it is for. */
export interface Allowed {
  readonly name: string;
  readonly value: number;
  readonly paths: readonly string[];
  readonly since: Version;
}

const ANYWHERE = [OBJECT, INSTANCE, BATTERY];

export const ALLOWED_ROWS: readonly Allowed[] = [
  { name: "pmin", value: 7, paths: ANYWHERE, since: "1.0" },
  { name: "pmax", value: 70, paths: ANYWHERE, since: "1.0" },
  { name: "gt", value: 90.5, paths: [BATTERY], since: "1.0" },
  { name: "lt", value: 10, paths: [BATTERY], since: "1.0" },
  { name: "st", value: 2.5, paths: [BATTERY], since: "1.0" },
  { name: "con", value: 1, paths: ANYWHERE, since: "1.2" },
  { name: "hqmax", value: 3, paths: ANYWHERE, since: "1.2" },
  { name: "edge", value: 1, paths: [BOOLEAN], since: "1.2" },
];

/** Those of evaluation, which is a feature. */
export const EVALUATION_ROWS: readonly Allowed[] = [
  { name: "epmin", value: 3, paths: ANYWHERE, since: "1.1" },
  { name: "epmax", value: 30, paths: ANYWHERE, since: "1.1" },
];
