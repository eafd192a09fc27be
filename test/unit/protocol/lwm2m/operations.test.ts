import { describe, expect, test } from "vitest";
import * as codes from "../../../../protocol/coap/codes.ts";
import { ACCEPT, CONTENT_FORMAT, OBSERVE, uintOption } from "../../../../protocol/coap/options.ts";
import {
  CREATE,
  DELETE,
  EXECUTE,
  isLegalAnswer,
  NO_OPERATION,
  OPERATION_NAMES,
  operationOf,
  READ,
  WRITE_REPLACE,
} from "../../../../protocol/lwm2m/operations.ts";

const NOTHING = new Uint8Array(0);
const SOMETHING = Uint8Array.of(1);
const accept = (format: number) => [uintOption(ACCEPT, format)];
const observe = (wish: number) => [uintOption(OBSERVE, wish)];
const format = (number: number) => [uintOption(CONTENT_FORMAT, number)];

/** Names of the operation at depths 0..4, "-" for none. */
function named(method: number, options: ReturnType<typeof accept>, payload: Uint8Array): string {
  return [0, 1, 2, 3, 4]
    .map((depth) => operationOf(method, depth, options, payload))
    .map((operation) => (operation === NO_OPERATION ? "-" : OPERATION_NAMES[operation]))
    .join(" ");
}

describe("operations by method and path depth", () => {
  test.each([
    ["GET", codes.GET, [], NOTHING, "- Read Read Read Read"],
    ["GET, Accept 40", codes.GET, accept(40), NOTHING, "- Discover Discover Discover Read"],
    ["GET, Accept 110", codes.GET, accept(110), NOTHING, "- Read Read Read Read"],
    ["GET, Observe 0", codes.GET, observe(0), NOTHING, "- Observe Observe Observe Observe"],
    ["GET, Observe 1", codes.GET, observe(1), NOTHING, "- Cancel Cancel Cancel Cancel"],
    ["PUT with content", codes.PUT, format(11542), SOMETHING, "- - Write Write Write"],
    ["PUT of an empty text", codes.PUT, format(0), NOTHING, "- - Write Write Write"],
    [
      "PUT without content",
      codes.PUT,
      [],
      NOTHING,
      "- Write-Attributes Write-Attributes Write-Attributes Write-Attributes",
    ],
    ["POST of TLV", codes.POST, format(11542), SOMETHING, "- Create Write-Partial Write-Partial -"],
    ["POST of text", codes.POST, format(0), SOMETHING, "- Create Write-Partial Execute -"],
    ["POST of nothing", codes.POST, [], NOTHING, "- Create - Execute -"],
    ["DELETE", codes.DELETE, [], NOTHING, "- - Delete - Delete"],
    ["FETCH", codes.FETCH, [], NOTHING, "- - - - -"],
  ])("LwM2M Transport 1.1.1 §6.4: %s", (_name, method, options, payload, expected) => {
    expect(named(method, options, payload)).toBe(expected);
  });
});

test("LwM2M Transport 1.1.1 §6.4: which codes may answer", () => {
  const legal = (operation: number) =>
    [
      codes.CREATED,
      codes.DELETED,
      codes.CHANGED,
      codes.CONTENT,
      codes.CONTINUE,
      codes.BAD_REQUEST,
      codes.UNAUTHORIZED,
      codes.FORBIDDEN,
      codes.NOT_FOUND,
      codes.METHOD_NOT_ALLOWED,
      codes.NOT_ACCEPTABLE,
      codes.CONFLICT,
      codes.REQUEST_ENTITY_INCOMPLETE,
      codes.REQUEST_ENTITY_TOO_LARGE,
      codes.UNSUPPORTED_CONTENT_FORMAT,
      codes.INTERNAL_SERVER_ERROR,
    ]
      .filter((code) => isLegalAnswer(operation, code))
      .map(codes.formatCode)
      .join(" ");
  expect(legal(READ)).toBe("2.05 4.00 4.01 4.04 4.05 4.06 5.00");
  expect(legal(WRITE_REPLACE)).toBe("2.04 2.31 4.00 4.01 4.04 4.05 4.06 4.08 4.13 4.15 5.00");
  expect(legal(EXECUTE)).toBe("2.04 2.31 4.00 4.01 4.04 4.05 4.08 4.13 5.00");
  expect(legal(CREATE)).toBe("2.01 2.31 4.00 4.01 4.04 4.05 4.06 4.08 4.13 4.15 5.00");
  expect(legal(DELETE)).toBe("2.02 4.00 4.01 4.04 4.05 5.00");
});
