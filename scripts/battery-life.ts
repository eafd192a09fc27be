/**
 * The table of docs/boards.md, made of firmware/flash/battery.ts. `npx tsx scripts/battery-life.ts` writes it, `--check` refuses a page
 * that is not as it would be written.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  BATTERIES,
  batteryLife,
  chargePerDay,
  contactsPerDay,
  ESP32_MODULE,
  type Profile,
} from "../firmware/flash/battery.ts";
import { isMain } from "./support/sources.ts";

const PAGE = join(import.meta.dirname, "../docs/boards.md");
const BEGIN = "<!-- battery-life -->";
const END = "<!-- /battery-life -->";
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH_DAYS = 30.4;

const PROFILES: readonly (Profile & { readonly name: string })[] = [
  ["a meter, once a day", DAY, 32, 7 * DAY, "deep", 5],
  ["once an hour", HOUR, 16, DAY, "deep", 5],
  ["once an hour, 500 bytes", HOUR, 500, DAY, "deep", 5],
  ["once an hour, listens 1 s", HOUR, 16, DAY, "deep", 1],
  ["once an hour, listens 93 s", HOUR, 16, DAY, "deep", 93],
  ["every 10 minutes", 10 * MINUTE, 16, DAY, "deep", 5],
  ["once a day, lifetime an hour", DAY, 16, HOUR, "deep", 5],
  ["once an hour, radio off only", HOUR, 16, DAY, "light", 5],
].map(([name, reportInterval, payload, lifetime, sleep, awakeFor]) => ({
  name: name as string,
  reportInterval: reportInterval as number,
  payload: payload as number,
  lifetime: lifetime as number,
  sleep: sleep as "deep" | "light",
  awakeFor: awakeFor as number,
}));

/** The table, as the page has it. */
export function batteryTable(): string {
  const head = [
    "profile",
    "lifetime",
    "contacts a day",
    "mAh a day",
    ...BATTERIES.map((b) => b.name),
  ];
  const rows = PROFILES.map((profile) => {
    const { reports, updates } = contactsPerDay(profile);
    return [
      profile.name,
      inWords(profile.lifetime),
      (reports + updates).toFixed(1),
      chargePerDay(ESP32_MODULE, profile).toPrecision(3),
      ...BATTERIES.map((battery) => life(batteryLife(ESP32_MODULE, profile, battery))),
    ];
  });
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function inWords(seconds: number): string {
  return seconds >= DAY ? `${seconds / DAY} d` : `${seconds / HOUR} h`;
}

function life(years: number): string {
  if (years >= 1) return `${years.toFixed(1)} years`;
  const months = years * 12;
  return months >= 1 ? `${months.toFixed(1)} months` : `${(months * MONTH_DAYS).toFixed(0)} days`;
}

/** The page with its table as it should be. */
export function withTable(page: string): string {
  const from = page.indexOf(BEGIN) + BEGIN.length;
  const to = page.indexOf(END);
  if (to < from) throw new Error(`${PAGE} has no place for the table: ${BEGIN} ${END}`);
  return `${page.slice(0, from)}\n${batteryTable()}\n${page.slice(to)}`;
}

if (isMain(import.meta.filename)) {
  const page = readFileSync(PAGE, "utf8");
  const made = withTable(page);
  if (!process.argv.includes("--check")) writeFileSync(PAGE, made);
  else if (made !== page) {
    console.error("docs/boards.md is old: npx tsx scripts/battery-life.ts writes it");
    process.exitCode = 1;
  }
}
