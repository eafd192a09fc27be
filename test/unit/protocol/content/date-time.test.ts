import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDateTime } from "../../../../protocol/content/date-time.ts";

describe("dates with times", () => {
  test.each([
    // The examples of RFC 3339 §5.8.
    ["1985-04-12T23:20:50.52Z", 482196050.52],
    ["1996-12-19T16:39:57-08:00", 851042397],
    ["1990-12-31T23:59:60Z", 662688000],
    ["1937-01-01T12:00:27.87+00:20", -1041337172.13],
    // RFC 8949 Appendix A.
    ["2013-03-21T20:04:00Z", 1363896240],
    ["2000-02-29T00:00:00z", 951782400],
    ["1970-01-01t00:00:00Z", 0],
  ])("%s", (text, seconds) => {
    expect(parseDateTime(text)).toBeCloseTo(seconds, 6);
  });

  test.each([
    "",
    "abc",
    "2013-03-21",
    "2013-03-21T20:04:00",
    "2013-03-21T20:04:00.Z",
    "2013-03-21T20:04:00Z ",
    "2013-13-21T20:04:00Z",
    "2013-00-21T20:04:00Z",
    "2013-03-32T20:04:00Z",
    "2013-03-21T24:04:00Z",
    "2013-03-21T20:60:00Z",
    "2013-03-21T20:04:61Z",
    "2013-03-21 20:04:00Z",
    "2013-03-21T20:04:00+1:00",
    "2013-03-21T20:04:00+24:00",
    "2013-03-21T20:04:00*01:00",
    "+013-03-21T20:04:00Z",
  ])("%j is none", (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });

  test("every second of four thousand years agrees with the calendar of the engine", () => {
    const most = Date.UTC(3999, 11, 31) / 1000;
    fc.assert(
      fc.property(fc.integer({ min: -62167219200, max: most }), (seconds) => {
        const text = new Date(seconds * 1000).toISOString();
        expect(parseDateTime(text)).toBe(seconds);
      }),
    );
  });

  test("no text makes it throw", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseDateTime(text)));
  });
});
