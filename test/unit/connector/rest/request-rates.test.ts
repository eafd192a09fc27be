import { describe, expect, test } from "vitest";
import { RequestRates } from "../../../../connector/rest/request-rates.ts";
import { createRestApi } from "../../../../connector/rest/rest-api.ts";
import { FakeExchange, RestBench } from "./bench.ts";

/** The API with these bounds, and a way to ask it. */
function givenApi(perCredential: number, perAddress: number) {
  const bench = new RestBench();
  const rates = new RequestRates({ perCredential, perAddress });
  const app = createRestApi({ ...bench.host, rates });
  const ask = (path: string, key = bench.key, address = "192.0.2.1") =>
    app.fetch(
      new Request(`http://connector.test${path}`, { headers: { authorization: `Bearer ${key}` } }),
      { exchange: new FakeExchange(), address },
    );
  const statuses = async (count: number, ...more: Parameters<typeof ask>) => {
    const seen: number[] = [];
    for (let i = 0; i < count; i++) seen.push((await ask(...more)).status);
    return seen;
  };
  return { bench, ask, statuses };
}

const times = (count: number, status: number) => Array.from({ length: count }, () => status);

describe("requests a second", () => {
  test("of one key: ten seconds' worth at once, then 429 until there is room again", async () => {
    const { bench, ask, statuses } = givenApi(2, 0);
    expect(await statuses(20, "/v2/endpoints")).toEqual(times(20, 200));
    const refused = await ask("/v2/endpoints");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    bench.now += 500;
    expect(await statuses(2, "/v2/endpoints")).toEqual([200, 429]);
  });

  test("another key is not concerned", async () => {
    const { bench, statuses } = givenApi(1, 0);
    expect(await statuses(11, "/v2/endpoints")).toEqual([...times(10, 200), 429]);
    expect(await statuses(1, "/v2/endpoints", bench.newKey())).toEqual([200]);
  });

  test("from one address, whoever asks and whether known or not; another address is not concerned", async () => {
    const { bench, statuses } = givenApi(0, 1);
    expect(await statuses(6, "/v2/endpoints", "nonsense")).toEqual(times(6, 401));
    expect(await statuses(5, "/v2/endpoints")).toEqual([...times(4, 200), 429]);
    expect(await statuses(1, "/")).toEqual([429]);
    expect(await statuses(1, "/v2/endpoints", bench.key, "192.0.2.2")).toEqual([200]);
  });

  test("from one /64 of IPv6 counts as from one address", async () => {
    const { bench, statuses } = givenApi(0, 1);
    const address = (i: number) => `2001:db8::${i.toString(16)}`;
    for (let i = 0; i < 10; i++) await statuses(1, "/", bench.key, address(i));
    expect(await statuses(1, "/", bench.key, address(99))).toEqual([429]);
    expect(await statuses(1, "/", bench.key, "2001:db8:0:1::1")).toEqual([200]);
  });

  test("0 is no bound", async () => {
    const { statuses } = givenApi(0, 0);
    expect(await statuses(200, "/v2/endpoints")).toEqual(times(200, 200));
  });
});
