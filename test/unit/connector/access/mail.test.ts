import { describe, expect, test } from "vitest";
import { invitationMail, isMailAddress, resetMail } from "../../../../connector/access/mail.ts";

describe("an address that mail can be sent to", () => {
  test.each([
    "moe@tavern.example",
    "a+b@x",
    "o'hara@x.example",
    "x_y.z-1@sub.x.example",
  ])("is %s", (text) => expect(isMailAddress(text)).toBe(true));

  test.each([
    "",
    "@",
    "moe",
    "moe@",
    "@tavern.example",
    "a@b@c",
    "moe @x.example",
    "moe@x.example\r\nBcc: other@x.example",
    "moe@x.example,other@x.example",
    "<moe@x.example>",
    '"moe"@x.example',
    "moe:x@x.example",
    "moe/x@x.example",
    "mo\u00e9@x.example",
    `${"x".repeat(250)}@x.example`,
  ])("is not %j", (text) => expect(isMailAddress(text)).toBe(false));
});

test("a mail holds its link on a line of its own, and says how long it works", () => {
  for (const compose of [invitationMail, resetMail]) {
    const { to, text } = compose("moe@x.example", "http://x.example/invite/abc", 24);
    expect(to).toBe("moe@x.example");
    expect(text.split("\n")).toContain("http://x.example/invite/abc");
    expect(text).toContain("24 hours");
  }
});
