import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  endpointNameIn,
  pathAndVersion,
  resourcePathIn,
} from "../../../../connector/rest/request-path.ts";

describe("the path of a request", () => {
  const cases: [url: string, path: string][] = [
    ["http://host", "/"],
    ["http://host/", "/"],
    ["http://host?x=/y", "/"],
    ["http://host/v2", "/"],
    ["http://host/v2/", "/"],
    ["http://host/v2?x=1", "/"],
    ["http://host/v2/endpoints/?type=a/b", "/endpoints"],
    ["http://host/v1/endpoints", "/endpoints"],
    ["http://host/v22/endpoints", "/v22/endpoints"],
    ["http://host/v2/v2/endpoints", "/v2/endpoints"],
    ["http://host/endpoints/v2/x", "/endpoints/v2/x"],
    ["http://host/endpoints/a%2Fb/c%3F", "/endpoints/a%2Fb/c%3F"],
    ["/v2/endpoints//", "/endpoints"],
  ];
  for (const [url, path] of cases) {
    test(`of ${url} is ${path}`, () => expect(pathAndVersion(url).path).toBe(path));
  }

  test("names and paths come back as they were escaped", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" });
    const segment = name.filter((text) => !text.includes("/") && text.length < 60);
    fc.assert(
      fc.property(name, fc.array(segment, { minLength: 1, maxLength: 4 }), (ep, segments) => {
        const url = `http://host/v2/endpoints/${encodeURIComponent(ep)}/${segments
          .map(encodeURIComponent)
          .join("/")}`;
        expect(endpointNameIn(pathAndVersion(url).path)).toBe(ep);
        expect(resourcePathIn(pathAndVersion(url).path)).toBe(`/${segments.join("/")}`);
      }),
    );
  });

  test("255 characters are a resource path, 256 are none", () => {
    expect(resourcePathIn(`/endpoints/a/${"b".repeat(254)}`)).toHaveLength(255);
    expect(resourcePathIn(`/endpoints/a/${"b".repeat(255)}`)).toBeUndefined();
  });
});
