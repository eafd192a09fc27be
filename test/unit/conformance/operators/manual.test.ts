import { expect, test } from "vitest";
import { TLV } from "../../../../protocol/coap/content-formats.ts";
import { manualOperator } from "../../../conformance/operators/manual.ts";
import { sentenceOf } from "../../../conformance/order-words.ts";
import { ABILITIES, type Order } from "../../../conformance/server-under-test.ts";

const ORDERS: readonly [order: Order, sentence: string][] = [
  [{ kind: "read", path: "/3/0", format: TLV }, "read /3/0 in TLV (11542)."],
  [{ kind: "discover", path: "/3", depth: 2 }, "discover /3 with depth 2."],
  [{ kind: "discover", path: "/3" }, "discover /3."],
  [{ kind: "write", path: "/1/0/1", value: 63 }, "write 63 to /1/0/1."],
  [{ kind: "replace", path: "/1/0", values: { "/1/0/1": 63 } }, "replace /1/0 by /1/0/1 = 63."],
  [
    { kind: "update", path: "/1/0", values: { "/1/0/1": 63, "/1/0/6": true } },
    "write /1/0/1 = 63, /1/0/6 = true to /1/0 and leave the rest.",
  ],
  [
    { kind: "create", path: "/16", values: { "/16/1/0/0": "x" } },
    'create an instance of /16 with /16/1/0/0 = "x".',
  ],
  [
    { kind: "write-attributes", path: "/3", attributes: ["pmin=1", "gt"] },
    "write the attributes pmin=1, gt to /3.",
  ],
  [{ kind: "execute", path: "/3/0/4", argumentList: "0='a'" }, "execute /3/0/4 with 0='a'."],
  [{ kind: "execute", path: "/3/0/4" }, "execute /3/0/4."],
  [{ kind: "delete", path: "/16/1" }, "delete /16/1."],
  [{ kind: "observe", path: "/3/0/7", attributes: ["pmin=1"] }, "observe /3/0/7 with pmin=1."],
  [{ kind: "observe", path: "/3/0/7" }, "observe /3/0/7."],
  [{ kind: "cancel", path: "/3/0/7" }, "cancel the observation of /3/0/7."],
  [{ kind: "read-composite", paths: ["/1", "/3"] }, "read /1, /3 at once."],
  [{ kind: "write-composite", values: { "/1/0/1": 63 } }, "write /1/0/1 = 63 at once."],
  [{ kind: "observe-composite", paths: ["/1", "/3"] }, "observe /1, /3 as one."],
  [{ kind: "cancel-composite", paths: ["/1", "/3"] }, "cancel the observation of /1, /3 as one."],
  [{ kind: "listen", path: "/3303" }, "look out for what the client sends of /3303."],
];

test.each(ORDERS)("an order is a sentence: %j", (order, sentence) => {
  expect(sentenceOf(order)).toBe(sentence);
});

test("a person does what is asked, and says what came of it", async () => {
  const questions: string[] = [];
  const answers = ["", "95", "", "-", "q", "n"];
  const operator = manualOperator(async (text) => {
    questions.push(text);
    return answers.shift() ?? "";
  });
  expect(operator.claims.abilities).toBe(ABILITIES);
  const observed = await operator.order("node", { kind: "observe", path: "/3/0/9" });
  await expect.poll(() => operator.outcome(observed)?.value).toBe("95");
  expect(operator.told("node", "/3/0/9")).toEqual(["95"]);
  expect(questions[0]).toBe(
    "At the server, for the client node: observe /3/0/9. Then press Enter.",
  );
  const failed = await operator.order("node", { kind: "delete", path: "/16/1" });
  await expect.poll(() => operator.outcome(failed)?.isSuccess).toBe(false);
  expect(await operator.find("node")).toEqual({ queueMode: true, paths: undefined });
  expect(await operator.find("node")).toBeUndefined();
});
