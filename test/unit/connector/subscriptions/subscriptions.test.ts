import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { QUEUE_FULL } from "../../../../connector/contract.ts";
import { AsyncRequests } from "../../../../connector/notifications/async-requests.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { Subscriptions } from "../../../../connector/subscriptions/subscriptions.ts";
import { FakeDevices } from "../rest/fake-devices.ts";

const LISTED = "</dev/temp>;obs,</dev/power>;obs,</dev/name>";

let devices: FakeDevices;
let store: MemoryStore;
let requests: AsyncRequests;
let subscriptions: Subscriptions;

beforeEach(() => {
  devices = new FakeDevices();
  devices.register("node", LISTED);
  given(new MemoryStore());
});

function given(found: MemoryStore): void {
  store = found;
  requests = new AsyncRequests(store);
  subscriptions = new Subscriptions(store, devices, requests);
}

describe("one observation is shared", () => {
  test("the first key begins it and the last one ends it", () => {
    subscriptions.subscribe("one", "node", "/dev/temp");
    subscriptions.subscribe("two", "node", "/dev/temp");
    expect([...subscriptions.subscribersOf("node", "/dev/temp")]).toEqual(["one", "two"]);
    expect(subscriptions.unsubscribe("one", "node", "/dev/temp")).toBe(true);
    expect(devices.observed.size).toBe(1);
    expect(subscriptions.unsubscribe("two", "node", "/dev/temp")).toBe(true);
    expect(devices.observed.size).toBe(0);
    expect(subscriptions.unsubscribe("two", "node", "/dev/temp")).toBe(false);
  });

  test("subscribing twice is one subscription, and each call has its response", () => {
    const first = subscriptions.subscribe("one", "node", "/dev/temp");
    const second = subscriptions.subscribe("one", "node", "/dev/temp");
    for (const submission of [first, second]) {
      expect(requests.take("id" in submission ? submission.id : "")).toMatchObject({
        answerTo: ["one"],
      });
    }
    expect(subscriptions.pathsOf("one", "node")).toEqual(["/dev/temp"]);
  });

  test("what the device refuses at once is not subscribed", () => {
    devices.refusal = QUEUE_FULL;
    expect(subscriptions.subscribe("one", "node", "/dev/temp")).toEqual({ refusal: QUEUE_FULL });
    expect(subscriptions.isSubscribed("one", "node", "/dev/temp")).toBe(false);
  });
});

describe("when the device ends it", () => {
  beforeEach(() => {
    subscriptions.subscribe("one", "node", "/dev/temp");
    subscriptions.subscribe("two", "node", "/dev/temp");
  });

  test("for good: nobody is subscribed any more", () => {
    subscriptions.handleEnd("node", "/dev/temp", [], true);
    expect([...subscriptions.subscribersOf("node", "/dev/temp")]).toEqual([]);
  });

  test("for now: who was told so as an answer is not subscribed, the others are, and it is retried", () => {
    subscriptions.handleEnd("node", "/dev/temp", ["two"], false);
    expect([...subscriptions.subscribersOf("node", "/dev/temp")]).toEqual(["one"]);
    devices.calls.length = 0;
    subscriptions.handleUpdate(devices.registration("node")!);
    subscriptions.handleUpdate(devices.registration("node")!);
    expect(devices.calls).toEqual(["observe node /dev/temp"]);
    expect(requests.take(devices.latestId())).toMatchObject({ answerTo: [], notify: ["one"] });
  });
});

describe("while the device is away", () => {
  test("it stays subscribed, and is observed when it comes back", () => {
    subscriptions.subscribe("one", "node", "/dev/temp");
    subscriptions.handleRemoval("node");
    devices.deregister("node");
    expect(subscriptions.isSubscribed("one", "node", "/dev/temp")).toBe(true);
    devices.calls.length = 0;
    subscriptions.handleRegistration(devices.register("node", LISTED));
    expect(devices.calls).toEqual(["observe node /dev/temp"]);
  });

  test("a full queue at its return is tried again at the next update", () => {
    subscriptions.subscribe("one", "node", "/dev/temp");
    subscriptions.handleRemoval("node");
    devices.refusal = QUEUE_FULL;
    subscriptions.handleRegistration(devices.registration("node")!);
    devices.refusal = undefined;
    devices.calls.length = 0;
    subscriptions.handleUpdate(devices.registration("node")!);
    expect(devices.calls).toEqual(["observe node /dev/temp"]);
  });

  test("an observation that runs is left alone", () => {
    subscriptions.subscribe("one", "node", "/dev/temp");
    devices.calls.length = 0;
    subscriptions.handleRegistration(devices.registration("node")!);
    subscriptions.handleUpdate(devices.registration("node")!);
    expect(devices.calls).toEqual([]);
  });
});

describe("rules", () => {
  test("apply to what is registered, to what registers, and to what an update lists anew", () => {
    subscriptions.setRules("one", [{ "resource-path": ["/dev/*"] }]);
    expect(subscriptions.pathsOf("one", "node")).toEqual(["/dev/temp", "/dev/power"]);
    subscriptions.handleRegistration(devices.register("new", "</dev/a>;obs"));
    expect(subscriptions.pathsOf("one", "new")).toEqual(["/dev/a"]);
    subscriptions.handleUpdate(devices.relist("new", "</dev/a>;obs,</dev/b>;obs"));
    expect(subscriptions.pathsOf("one", "new")).toEqual(["/dev/a", "/dev/b"]);
    expect(requests.take(devices.latestId())).toMatchObject({ answerTo: [], notify: ["one"] });
  });

  test("end all subscriptions of the key when they change, and no other key's", () => {
    subscriptions.subscribe("one", "node", "/dev/temp");
    subscriptions.subscribe("two", "node", "/dev/temp");
    subscriptions.setRules("one", [{ "resource-path": ["/dev/power"] }]);
    expect(subscriptions.pathsOf("one", "node")).toEqual(["/dev/power"]);
    subscriptions.setRules("one", []);
    expect(subscriptions.pathsOf("one", "node")).toEqual([]);
    expect([...devices.observed]).toEqual(["node /dev/temp"]);
    subscriptions.handleRegistration(devices.register("new", LISTED));
    expect(subscriptions.pathsOf("one", "new")).toEqual([]);
  });

  test("an update without a new list brings nothing back that was removed", () => {
    subscriptions.setRules("one", [{}]);
    subscriptions.handleUpdate(devices.registration("node")!);
    subscriptions.unsubscribe("one", "node", "/dev/temp");
    subscriptions.handleUpdate(devices.registration("node")!);
    expect(subscriptions.pathsOf("one", "node")).toEqual(["/dev/power"]);
  });
});

describe("restart", () => {
  test("subscriptions, rules and owed responses are there again", async () => {
    subscriptions.subscribe("one", "node", "/dev/temp");
    subscriptions.setRules("two", [{ "resource-path": ["/dev/power"] }]);
    subscriptions.unsubscribe("two", "node", "/dev/power");
    await store.commit();
    given(store.afterKill());
    expect(subscriptions.pathsOf("one", "node")).toEqual(["/dev/temp"]);
    expect(subscriptions.pathsOf("two", "node")).toEqual([]);
    expect(subscriptions.rulesOf("two")).toEqual([{ "resource-path": ["/dev/power"] }]);
    expect(requests.owedTo("one")).toBe(1);
    expect(requests.owedTo("two")).toBe(0);
  });
});

test("whatever keys do, exactly what somebody is subscribed to is observed", () => {
  const key = fc.constantFrom("one", "two", "three");
  const endpoint = fc.constantFrom("node", "other");
  const path = fc.constantFrom("/dev/temp", "/dev/power");
  const step = fc.oneof(
    fc.tuple(fc.constant("subscribe" as const), key, endpoint, path),
    fc.tuple(fc.constant("unsubscribe" as const), key, endpoint, path),
    fc.tuple(fc.constant("unsubscribeEndpoint" as const), key, endpoint, path),
    fc.tuple(fc.constant("unsubscribeAll" as const), key, endpoint, path),
    fc.tuple(fc.constant("rule" as const), key, endpoint, path),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      devices = new FakeDevices();
      devices.register("node", LISTED);
      devices.register("other", LISTED);
      given(new MemoryStore());
      const model = new Set<string>();
      const endAll = (k: string, from: string) => {
        for (const entry of model) if (entry.startsWith(`${k} ${from}`)) model.delete(entry);
      };
      for (const [verb, k, e, p] of steps) {
        if (verb === "subscribe") {
          subscriptions.subscribe(k, e, p);
          model.add(`${k} ${e} ${p}`);
        } else if (verb === "unsubscribe") {
          expect(subscriptions.unsubscribe(k, e, p)).toBe(model.delete(`${k} ${e} ${p}`));
        } else if (verb === "unsubscribeEndpoint") {
          subscriptions.unsubscribeEndpoint(k, e);
          endAll(k, `${e} `);
        } else if (verb === "unsubscribeAll") {
          subscriptions.unsubscribeAll(k);
          endAll(k, "");
        } else {
          subscriptions.setRules(k, [{ "endpoint-name": e, "resource-path": [p] }]);
          endAll(k, "");
          model.add(`${k} ${e} ${p}`);
        }
      }
      const wanted = new Set([...model].map((entry) => entry.slice(entry.indexOf(" ") + 1)));
      expect([...devices.observed].sort()).toEqual([...wanted].sort());
      expect([...store.table("subscriptions").entries()].length).toBe(model.size);
    }),
  );
});
