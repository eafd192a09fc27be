/** What the store makes of damage, of older formats and schemas, and of a file that cannot be written. */
import { crc32 } from "node:zlib";
import { Encoder } from "cbor-x";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { WriteFault } from "../../../../connector/store/batch-file.ts";
import { LmdbStore } from "../../../../connector/store/lmdb-store.ts";
import type { Migration } from "../../../../connector/store/migrations.ts";
import { ScriptedFile } from "./scripted-file.ts";

const lines: string[] = [];

function openOn(
  file: ScriptedFile,
  migrations: readonly Migration[] = [],
  rewriteFrom?: number,
): LmdbStore {
  lines.length = 0;
  return new LmdbStore("FOLDER", {
    openFile: () => file,
    log: (line) => lines.push(line),
    migrations,
    rewriteFrom,
  });
}

function rowsOf(store: LmdbStore, table: string): Record<string, unknown> {
  return Object.fromEntries(store.table(table).entries());
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "";
}

const rejection = (promise: Promise<void>) =>
  promise.then(
    () => undefined,
    (error: { code: string }) => error.code,
  );

async function journalOf(rows: number): Promise<ScriptedFile> {
  const file = new ScriptedFile();
  const store = openOn(file);
  for (let i = 0; i < rows; i++) {
    store.table("rows").put(`row ${i}`, { i });
    if (i % 3 === 2) await store.commit();
  }
  await store.close();
  return file;
}

test("every single bit of a journal flipped: that record goes, every other stays, and it is said", async () => {
  const written = await journalOf(7);
  const whole = rowsOf(openOn(written.copy()), "rows");
  for (const [number, batch] of written.batches()) {
    for (let bit = 0; bit < 8 * batch.length; bit++) {
      const file = written.copy();
      (file.journal.get(number) as Buffer)[bit >> 3] ^= 1 << (bit & 7);
      const store = openOn(file);
      const rows = rowsOf(store, "rows");
      expect(7 - Object.keys(rows).length).toBe(store.damagedRecords);
      expect(store.damagedRecords).toBeLessThanOrEqual(1);
      for (const key of Object.keys(rows)) expect(rows[key]).toEqual(whole[key]);
      expect(lines.length).toBe(2);
      expect(file.aside.length).toBe(1);
    }
  }
});

test("damage is kept aside once: the next start finds a whole journal", async () => {
  const file = await journalOf(3);
  const batch = file.journal.get(0) as Buffer;
  batch[batch.indexOf("row 1")] ^= 1;
  openOn(file);
  expect(lines[0]).toBe('Damaged in the store: batch 0: record 2 of 3, table "rows", key "sow 1"');
  expect(Buffer.from(file.aside[0].base64, "base64").includes("sow 1")).toBe(true);
  const again = openOn(file);
  expect(lines).toEqual([]);
  expect(Object.keys(rowsOf(again, "rows"))).toEqual(["row 0", "row 2"]);
  expect(file.aside.length).toBe(1);
});

test("a later record of the same key wins over a damaged one, an earlier one takes its place", async () => {
  const file = new ScriptedFile();
  const store = openOn(file);
  for (const n of ["first", "second", "third"]) {
    store.table("rows").put("key", { n });
    await store.commit();
  }
  const damaged = (n: string) => {
    const copy = file.copy();
    for (const batch of copy.journal.values()) {
      if (batch.includes(n)) batch[batch.indexOf(n)] ^= 1;
    }
    return rowsOf(openOn(copy), "rows");
  };
  expect(damaged("second")).toEqual({ key: { n: "third" } });
  expect(damaged("third")).toEqual({ key: { n: "second" } });
});

test("many damaged records are counted, and named only up to a bound", async () => {
  const file = await journalOf(90);
  for (const batch of file.journal.values()) batch[batch.indexOf("row")] ^= 1;
  const store = openOn(file);
  expect(store.damagedRecords).toBe(30);
  expect(lines.length).toBe(21);
  expect(lines.at(-1)).toContain("30 damaged records");
});

/** A batch as version 0.1 wrote it. */
function format1(changes: Record<string, unknown[]>): Buffer {
  const body = new Encoder({ useRecords: true, tagUint8Array: false }).encode(changes);
  const bytes = Buffer.alloc(4 + body.length);
  bytes.writeUInt32BE(crc32(body), 0);
  bytes.set(body, 4);
  return bytes;
}

test("a store of version 0.1 is read, and written anew in one step", async () => {
  const file = new ScriptedFile();
  file.kept = { format: 1, schema: 1 };
  file.journal.set(
    4,
    format1({ rows: ["a", { n: 1, bytes: new Uint8Array([7]) }, "b", { n: 2 }] }),
  );
  file.journal.set(5, format1({ rows: ["b", undefined, "c", { n: 3 }], other: ["a", ["x"]] }));
  let store = openOn(file);
  for (let i = 0; i < 2; i++) {
    const { a, ...others } = rowsOf(store, "rows") as Record<string, { bytes: Uint8Array }>;
    expect(others).toEqual({ c: { n: 3 } });
    expect(Array.from(a.bytes)).toEqual([7]);
    expect(rowsOf(store, "other")).toEqual({ a: ["x"] });
    expect(file.kept).toEqual({ format: 2, schema: 1 });
    expect([...file.journal.keys()]).toEqual([6]);
    store = openOn(file);
  }
  store.table("rows").put("d", { n: 4 });
  await store.close();
  expect(rowsOf(openOn(file), "rows").d).toEqual({ n: 4 });
});

test("a damaged batch of version 0.1 is lost whole, the others stay", () => {
  const file = new ScriptedFile();
  file.kept = { format: 1, schema: 1 };
  file.journal.set(0, format1({ rows: ["a", 1] }));
  file.journal.set(1, format1({ rows: ["b", 2] }));
  (file.journal.get(0) as Buffer)[6] ^= 1;
  const store = openOn(file);
  expect(rowsOf(store, "rows")).toEqual({ b: 2 });
  expect(store.damagedRecords).toBe(1);
});

const DOUBLE: Migration = {
  to: 2,
  why: "Numbers are doubled.",
  migrate: (tables) => {
    const rows = tables.table<{ n: number }>("rows");
    for (const [key, { n }] of rows.entries()) rows.put(key, { n: 2 * n });
  },
};
const RENAME: Migration = {
  to: 3,
  why: "Rows move to another table.",
  migrate: (tables) => {
    for (const [key, row] of tables.table<object>("rows").entries()) {
      tables.table("moved").put(key, row);
      tables.table("rows").remove(key);
    }
  },
};

test("a store is taken through every migration that it lacks, once and in order", async () => {
  const file = new ScriptedFile();
  let store = openOn(file);
  store.table("rows").put("a", { n: 1 });
  await store.close();
  store = openOn(file, [DOUBLE, RENAME]);
  expect(lines).toEqual([
    "The store goes to schema 2: Numbers are doubled.",
    "The store goes to schema 3: Rows move to another table.",
  ]);
  for (let i = 0; i < 2; i++) {
    expect(rowsOf(store, "rows")).toEqual({});
    expect(rowsOf(store, "moved")).toEqual({ a: { n: 2 } });
    expect(file.kept).toEqual({ format: 2, schema: 3 });
    expect(store.hasUncommitted()).toBe(false);
    store = openOn(file, [DOUBLE, RENAME]);
    expect(lines).toEqual([]);
  }
});

test("a new store takes no migration", () => {
  const file = new ScriptedFile();
  openOn(file, [DOUBLE, RENAME]);
  expect(lines).toEqual([]);
  expect(file.kept).toEqual({ format: 2, schema: 3 });
});

test("a migration that fails, or cannot be written, leaves the store as it was", async () => {
  const file = await journalOf(3);
  const before = file.copy();
  const broken: Migration = {
    to: 2,
    why: "",
    migrate: (tables) => {
      tables.table("rows").remove("row 0");
      throw new Error("row 1 has no owner");
    },
  };
  expect(codeOf(() => openOn(file, [broken]))).toBe("store/migration-failed");
  expect(file.isClosed).toBe(true);
  file.fault = "store/full";
  expect(codeOf(() => openOn(file, [DOUBLE]))).toBe("store/full");
  file.fault = undefined;
  expect(file.journal).toEqual(before.journal);
  expect(Object.keys(rowsOf(openOn(file), "rows")).length).toBe(3);
});

test("a newer schema is refused", () => {
  const file = new ScriptedFile();
  openOn(file, [DOUBLE, RENAME]);
  expect(codeOf(() => openOn(file, [DOUBLE]))).toBe("store/newer-format");
});

test("what could not be written is written with the first commit after the cause has gone", async () => {
  const file = new ScriptedFile();
  const store = openOn(file);
  store.table("rows").put("before", 0);
  await store.commit();
  for (const fault of ["store/full", "store/read-only", "store/write-failed"] as const) {
    file.fault = fault;
    store.table("rows").put(`put ${fault}`, 1);
    store.table("rows").put("changed", fault);
    expect(await rejection(store.commit())).toBe(fault);
    expect(store.hasUncommitted()).toBe(true);
    store.table("rows").remove("before");
    store.table("rows").put("gone again", 1);
    expect(await rejection(store.commit())).toBe(fault);
    store.table("rows").remove("gone again");
    expect(Object.keys(rowsOf(openOn(file.copy()), "rows"))).not.toContain(`put ${fault}`);
    file.fault = undefined;
    await store.commit();
    expect(store.hasUncommitted()).toBe(false);
    const found = rowsOf(openOn(file.copy()), "rows");
    expect(found).toEqual(rowsOf(store, "rows"));
    expect(found.changed).toBe(fault);
    store.table("rows").put("before", 0);
    await store.commit();
  }
});

test("more than can be kept apart while the disk is full is written anew, removals included", async () => {
  const file = new ScriptedFile();
  const store = openOn(file);
  store.table("rows").put("before", 0);
  store.table("rows").put("stays", [1, [2]]);
  await store.commit();
  file.fault = "store/full";
  store.table("rows").remove("before");
  for (let i = 0; i < 200_001; i++) store.table("passing").put(`row ${i}`, i);
  expect(await rejection(store.commit())).toBe("store/full");
  for (let i = 0; i < 200_001; i++) store.table("passing").remove(`row ${i}`);
  file.fault = undefined;
  await store.commit();
  expect(store.hasUncommitted()).toBe(false);
  const found = openOn(file.copy());
  expect(rowsOf(found, "rows")).toEqual({ stays: [1, [2]] });
  expect(rowsOf(found, "passing")).toEqual({});
  store.table("rows").put("after", 3);
  await store.commit();
  expect(Object.keys(rowsOf(openOn(file), "rows"))).toEqual(["stays", "after"]);
});

test("a fault is told once, another one too, and their end", async () => {
  const file = new ScriptedFile();
  const store = openOn(file);
  store.table("rows").put("a", 1);
  for (const fault of ["store/full", "store/full", "store/read-only"] as const) {
    file.fault = fault;
    await rejection(store.commit());
  }
  file.fault = undefined;
  await store.commit();
  expect(lines).toEqual([
    "told to fail Nothing new is acknowledged until it can.",
    "told to fail Nothing new is acknowledged until it can.",
    "The store is written again.",
  ]);
});

test("a commit waiting behind one that fails tries for itself", async () => {
  const file = new ScriptedFile();
  const store = openOn(file);
  file.fault = "store/full";
  store.table("rows").put("a", 1);
  const first = store.commit();
  store.table("rows").put("b", 2);
  const second = store.commit();
  expect(await rejection(first)).toBe("store/full");
  file.fault = undefined;
  await second;
  expect(rowsOf(openOn(file), "rows")).toEqual({ a: 1, b: 2 });
});

test("closing while the disk is full says so, and lets go of the file", async () => {
  const file = new ScriptedFile();
  const store = openOn(file);
  store.table("rows").put("a", 1);
  file.fault = "store/full";
  expect(await rejection(store.close())).toBe("store/full");
  expect(file.isClosed).toBe(true);
});

/** One of few keys, so that puts, removals and failures meet. */
const STEP = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: fc.nat(6), size: fc.constantFrom(1, 30, 300) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat(6) }) },
  { weight: 4, arbitrary: fc.record({ commit: fc.boolean() }) },
  fc.record({
    fault: fc.constantFrom<WriteFault | undefined>("store/full", "store/write-failed", undefined),
  }),
);

test("a power cut at any moment, failures before it or not, leaves all that was acknowledged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 40, maxLength: 200 }), async (steps) => {
      const file = new ScriptedFile();
      const store = openOn(file, [], 1000);
      /** What may be found: the states from the one last acknowledged up to now. */
      let possible: string[] = ["{}"];
      const model: Record<string, unknown> = {};
      const isPossible = () => {
        const found = rowsOf(openOn(file.copy()), "rows");
        const sorted = Object.fromEntries(Object.entries(found).sort());
        expect(possible).toContain(JSON.stringify(sorted));
      };
      file.onWrite = isPossible;
      const note = () => {
        possible.push(JSON.stringify(Object.fromEntries(Object.entries(model).sort())));
      };
      for (const [i, step] of steps.entries()) {
        if ("put" in step) {
          model[`row ${step.put}`] = `${i} ${"x".repeat(step.size)}`;
          store.table("rows").put(`row ${step.put}`, model[`row ${step.put}`]);
          note();
        } else if ("remove" in step) {
          delete model[`row ${step.remove}`];
          store.table("rows").remove(`row ${step.remove}`);
          note();
        } else if ("fault" in step) file.fault = step.fault;
        else {
          const before = possible.length - 1;
          const isDurable = (await rejection(store.commit())) === undefined;
          if (isDurable) possible = possible.slice(before);
          isPossible();
        }
      }
    }),
    { numRuns: 40 },
  );
});
