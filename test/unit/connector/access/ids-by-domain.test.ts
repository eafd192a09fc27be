import { expect, test } from "vitest";
import { IdsByDomain } from "../../../../connector/access/ids-by-domain.ts";

test("ids are sorted in each domain, however they come and go", () => {
  const ids = new IdsByDomain();
  for (const id of [3, 1, 7, 5]) ids.add("a", id);
  ids.add("b", 2);
  expect([ids.of("a"), ids.of("b"), ids.of("c")]).toEqual([[1, 3, 5, 7], [2], []]);
  ids.remove("a", 3);
  ids.remove("a", 3);
  ids.add("b", 3);
  ids.add("a", 2);
  ids.remove("a", 7);
  ids.add("a", 4);
  expect([ids.of("a"), ids.of("b")]).toEqual([
    [1, 2, 4, 5],
    [2, 3],
  ]);
});
