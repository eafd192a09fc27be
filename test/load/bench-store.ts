/**
 * How long a connector takes to take up 100,000 registrations from its store: the store alone, and the core with it.
 *
 *     npx tsx test/load/bench-store.ts           (BENCH=short: 5,000)
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { systemRandom } from "../../connector/adapters/entropy.ts";
import { Connector } from "../../connector/connector.ts";
import { defaultSettings } from "../../connector/settings.ts";
import { LmdbStore } from "../../connector/store/lmdb-store.ts";
import { median, type Report } from "./bench-report.ts";

const REGISTRATIONS = 100_000;
/** Seconds from the start to all of them in their places. */
const GOAL = 3;
const LINKS =
  '</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>,</4/0>,</5/0>,</3303/0>,</3303/1>,</3304/0>,</3311/0>';

/** Measures and reports; `isShort` only shows that it works. */
export async function benchStore(isShort: boolean): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-bench-store-"));
  const count = isShort ? 5000 : REGISTRATIONS;
  try {
    await fill(folder, count);
    const times: { store: number; all: number }[] = [];
    for (let round = 0; round < (isShort ? 1 : 3); round++) times.push(await load(folder, count));
    const row = (what: string, seconds: number) => ({
      what,
      ours: seconds,
      unit: "s" as const,
      against: undefined,
      theirs: undefined,
      goal: GOAL,
    });
    return {
      title: `Start with ${count} registrations in the store`,
      measurements: [
        row("read the journal", median(times.map(({ store }) => store))),
        row("take up every registration", median(times.map(({ all }) => all))),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fill(folder: string, count: number): Promise<void> {
  const store = new LmdbStore(folder);
  const table = store.table("registrations");
  for (let i = 0; i < count; i++) {
    const endpointName = `device-${String(i).padStart(8, "0")}`;
    table.put(endpointName, {
      endpointName,
      endpointType: undefined,
      domain: undefined,
      lifetime: 86_400,
      version: "1.1",
      binding: "U",
      queueMode: false,
      location: `/rd/${i.toString(36).padStart(5, "A")}ABCDEFGHIJKLMNOPQ`,
      peer: `127.0.0.1:${1024 + (i % 60_000)}`,
      links: LINKS,
    });
    // As they come in: some dozens in each commit.
    if (i % 50 === 49) await store.commit();
  }
  await store.close();
}

async function load(folder: string, count: number): Promise<{ store: number; all: number }> {
  const settings = defaultSettings(systemRandom());
  const startedAt = performance.now();
  const store = new LmdbStore(folder);
  const readAt = performance.now();
  const connector = new Connector(settings, store);
  connector.restore(performance.now());
  const doneAt = performance.now();
  if (connector.size !== count) throw new Error(`${connector.size} of ${count} were found`);
  await store.close();
  return { store: (readAt - startedAt) / 1000, all: (doneAt - startedAt) / 1000 };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { printReports } = await import("./bench-report.ts");
  printReports([await benchStore(process.env["BENCH"] === "short")]);
}
