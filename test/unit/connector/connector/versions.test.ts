/** Registrations of LwM2M 1.0, 1.1 and 1.2 side by side: what each may say, and what follows from it. */
import { describe, expect, test } from "vitest";
import { objectVersionOf } from "../../../../connector/registry/definitions.ts";
import type { RegistrySettings } from "../../../../connector/registry/registry.ts";
import type { ConnectorSettings } from "../../../../connector/settings.ts";
import { HOUR, SECOND } from "../../../../protocol/time/duration.ts";
import { proves } from "../../../support/proves.ts";
import { type Device, Rig } from "./rig.ts";

const DAY = 24 * HOUR;
const LINKS = "</1/0>,</3/0>,</3303/0>";

function withRegistry(changes: Partial<RegistrySettings>) {
  return (settings: ConnectorSettings): ConnectorSettings => ({
    ...settings,
    registry: { ...settings.registry, ...changes },
  });
}

function register(rig: Rig, query: string[], links = LINKS, name = "a"): Device {
  const device = rig.device(name);
  device.register(query, links);
  rig.drive(rig.now + 100);
  return device;
}

function answerTo(query: string[], links = LINKS, changes: Partial<RegistrySettings> = {}): string {
  return register(new Rig({ change: withRegistry(changes) }), query, links).answers.join();
}

test.each([
  ["1.0", "2.01"],
  ["1.1", "2.01"],
  ["1.2", "2.01"],
  ["1.2.1", "2.01"],
  ["1.2.2", "2.01"],
  ["1.9", "2.01"],
  ["2.0", "4.12 LwM2M 1.x only"],
  ["0.9", "4.12 LwM2M 1.x only"],
  ["3.1.4", "4.12 LwM2M 1.x only"],
  ["one", "4.00 lwm2m is no version"],
  ["1", "4.00 lwm2m is no version"],
  ["1.", "4.00 lwm2m is no version"],
])("LwM2M Core 1.2.2 §5.1: a device of version %s is answered %s", (version, answer) => {
  proves("connector", "register", "register-refused");
  expect(answerTo(["lt=300", `lwm2m=${version}`])).toBe(answer);
});

describe("LwM2M Core 1.2.2 §E.2: lifetime 0", () => {
  const ends = (version: string | undefined) => {
    const rig = new Rig();
    register(rig, ["lt=0", ...(version === undefined ? [] : [`lwm2m=${version}`])]);
    expect(rig.connector.registration("a")?.lifetime).toBe(0);
    rig.drive(10 + DAY + 45 * SECOND - 1);
    expect(rig.connector.size).toBe(1);
    rig.drive(100 * DAY);
    return rig.connector.size === 0;
  };

  test("never ends since 1.2", () => {
    proves("connector", "lifetime-endless");
    expect([ends("1.2"), ends("1.2.2"), ends("1.7")]).toEqual([false, false, false]);
  });

  test("is taken of older devices and lasts a day, since none of theirs is without end", () => {
    proves("connector", "lifetime-over");
    expect([ends("1.0"), ends("1.1"), ends(undefined)]).toEqual([true, true, true]);
  });

  test("of an Update makes a registration endless, and another one ends it again", () => {
    const rig = new Rig();
    const device = register(rig, ["lt=300", "lwm2m=1.2"]);
    device.update(["lt=0"]);
    rig.drive(10 * DAY);
    expect(rig.connector.size).toBe(1);
    device.update(["lt=300"]);
    rig.drive(rig.now + 400 * SECOND);
    expect(rig.connector.size).toBe(0);
  });
});

test.each([
  ["1.0", "U", { binding: "U", queueMode: false }],
  ["1.0", "UQ", { binding: "U", queueMode: true }],
  ["1.0", "UQS", { binding: "US", queueMode: true }],
  ["1.1", "UT", { binding: "UT", queueMode: false }],
  ["1.2", "UMH", { binding: "UMH", queueMode: false }],
])("LwM2M Core 1.2.2 §6.2.1.2: LwM2M %s with b=%s", (version, binding, expected) => {
  proves("connector", "register-bindings");
  for (const isStrict of [false, true]) {
    const rig = new Rig({ change: withRegistry({ isStrict }) });
    register(rig, ["lt=300", `lwm2m=${version}`, `b=${binding}`]);
    expect(rig.connector.registration("a")).toMatchObject(expected);
  }
});

test.each([
  ["1.0", "UT"],
  ["1.1", "M"],
])("a binding of another version than %s, b=%s, is taken, unless the settings are strict", (version, binding) => {
  const query = ["lt=300", `lwm2m=${version}`, `b=${binding}`];
  expect(answerTo(query)).toBe("2.01");
  expect(answerTo(query, LINKS, { isStrict: true })).toBe("4.00 b is no binding");
});

test.each(["X", "UU", "U T"])("a binding that no version has is refused: %s", (binding) => {
  expect(answerTo(["lt=300", "lwm2m=1.1", `b=${binding}`])).toBe("4.00 b is no binding");
  const rig = new Rig();
  const device = register(rig, ["lt=300", "lwm2m=1.1"]);
  device.update([`b=${binding}`]);
  rig.drive(rig.now + 100);
  expect(device.answers.at(-1)).toBe("4.00 b is no binding");
});

test("LwM2M Transport 1.2.2 §6.7: what strict settings refuse, and what others pass over", () => {
  proves("connector", "register-refused", "unknown-parameters");
  const unknown = ["lt=300", "lwm2m=1.1", "color=red"];
  expect(answerTo(unknown)).toBe("2.01");
  expect(answerTo(unknown, LINKS, { isStrict: true })).toBe("4.00 a parameter is unknown");
  expect(answerTo(["lwm2m=1.1"])).toBe("2.01");
  expect(answerTo(["lwm2m=1.1"], LINKS, { isStrict: true })).toBe("4.00 lt is missing");
});

describe("LwM2M Core 1.2.2 §6.2.1: the endpoint name and who the security layer says", () => {
  const secured = { identityOf: (peer: string) => (peer.startsWith("10.") ? "urn:a" : undefined) };
  const registered = (query: string[]) => {
    const rig = new Rig({ change: withRegistry(secured) });
    const device = rig.device("x");
    device.request(2, "/rd", ["lt=300", "lwm2m=1.1", ...query], LINKS);
    rig.drive(100);
    return [device.answers.join(), rig.connector.registration("urn:a")?.endpointName];
  };

  test("quirk 4: ep may be missing, then it is the identity", () => {
    proves("connector", "register", "register-name");
    expect(registered([])).toEqual(["2.01", "urn:a"]);
    expect(registered(["ep=urn:a"])).toEqual(["2.01", "urn:a"]);
  });

  test("another ep than the identity is refused with 4.00", () => {
    proves("connector", "register-refused", "register-name");
    expect(registered(["ep=urn:b"])).toEqual([
      "4.00 ep is not who the security layer says",
      undefined,
    ]);
  });
});

test("LwM2M Core 1.2.2 §6.2.1: the number for SMS is kept, and an Update may change it", () => {
  proves("connector", "register", "update");
  const rig = new Rig();
  const device = register(rig, ["lt=300", "lwm2m=1.1", "sms=4915112345678"]);
  expect(rig.connector.registration("a")?.smsNumber).toBe("4915112345678");
  device.update(["sms=4915187654321"]);
  rig.drive(rig.now + 100);
  rig.restart();
  expect(rig.connector.registration("a")?.smsNumber).toBe("4915187654321");
});

test("LwM2M Core 1.2.2 §7.2.3: the version of an object is said with its link, or implied by the device's own", () => {
  proves("connector", "register-object-version");
  const versions = (version: string, links: string) => {
    const rig = new Rig();
    register(rig, ["lt=300", `lwm2m=${version}`], links);
    const registration = rig.connector.registration("a") ?? expect.fail();
    return [3, 4, 3303].map((objectId) => objectVersionOf(registration, objectId)).join(" ");
  };
  const links = "</1/0>,</3/0>,</4/0>,</3303/0>";
  expect(versions("1.0", links)).toBe("1.0 1.0 1.0");
  expect(versions("1.1", links)).toBe("1.1 1.2 1.0");
  expect(versions("1.2", links)).toBe("1.2 1.3 1.0");
  expect(versions("1.1", '</1/0>,</3>;ver="1.0",</3/0>,</4/0>;ver=1.1,</3303/0>;ver=1.1')).toBe(
    "1.0 1.1 1.1",
  );
});

test("LwM2M Core 1.2.2 §6.2.2: the list of an Update takes the place of the one before", () => {
  proves("connector", "update", "register-list");
  const rig = new Rig();
  const device = register(rig, ["lt=300", "lwm2m=1.1"], '</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>');
  expect(rig.connector.registration("a")?.contentFormats).toEqual([110]);
  device.update([], "</3/0>,</5/0>");
  rig.drive(rig.now + 100);
  const { links, contentFormats } = rig.connector.registration("a") ?? expect.fail();
  expect([links.map(({ uri }) => uri), contentFormats]).toEqual([["/3/0", "/5/0"], []]);
});

describe("LwM2M Core 1.2.2 §6.2.1: profile ids", () => {
  const QUERY = ["lt=300", "lwm2m=1.2"];
  const profile = (rig: Rig, name: string, pid: string, links = "") => {
    const device = register(rig, [...QUERY, `pid=${pid}`], links, name);
    const uris = rig.connector.registration(name)?.links.map(({ uri }) => uri);
    return `${device.answers.join()} ${uris?.join(" ") ?? ""}`.trim();
  };

  test("a hash alone stands for the list that another device registered with it", () => {
    proves("connector", "profile-id");
    const rig = new Rig();
    expect(profile(rig, "a", "6:1234abcd")).toBe("4.09 pid is unknown: list the objects");
    expect(profile(rig, "b", "6:1234abcd", LINKS)).toBe("2.01 /1/0 /3/0 /3303/0");
    expect(profile(rig, "a", "6:1234abcd")).toBe("2.01 /1/0 /3/0 /3303/0");
    expect(rig.connector.registration("a")?.profileId).toBe("6:1234abcd");
    rig.restart();
    expect(profile(rig, "c", "6:1234abcd")).toBe("2.01 /1/0 /3/0 /3303/0");
    expect(rig.connector.registration("a")?.links.length).toBe(3);
  });

  test("several are added up, and a list that is not whole is added to them", () => {
    proves("connector", "profile-id");
    const profiles = new Map([
      ["oma:meter", "</1/0>,</3/0>"],
      ["v:light", "</3311/0>,</3/0>;ver=1.0"],
    ]);
    const rig = new Rig({ change: withRegistry({ profiles }) });
    expect(profile(rig, "a", '"oma:meter,v:light"')).toBe("2.01 /1/0 /3/0 /3311/0");
    expect(profile(rig, "b", "oma:meter", "</3303/0>")).toBe("2.01 /1/0 /3/0 /3303/0");
    expect(profile(rig, "c", '"oma:meter,v:heat"')).toMatch(/^4\.09/);
    expect(profile(rig, "d", "v:heat", "</3303/0>")).toMatch(/^4\.09/);
  });

  test("two lists under one hash make it stand for nothing, so that nobody is told what another one has", () => {
    const rig = new Rig();
    profile(rig, "a", "6:1234abcd", LINKS);
    expect(profile(rig, "b", "6:1234abcd", "</1/0>,</3/0>")).toBe("2.01 /1/0 /3/0");
    expect(profile(rig, "c", "6:1234abcd")).toMatch(/^4\.09/);
    expect(profile(rig, "d", "6:1234abcd", LINKS)).toMatch(/^2\.01/);
    expect(profile(rig, "e", "6:1234abcd")).toMatch(/^4\.09/);
  });

  test("a name that was not agreed on is not learned", () => {
    const rig = new Rig();
    expect(profile(rig, "a", "v:light", LINKS)).toMatch(/^2\.01/);
    expect(profile(rig, "b", "v:light")).toMatch(/^4\.09/);
  });

  test("an Update may say one, and it is as if it said the list", () => {
    proves("connector", "profile-id");
    const rig = new Rig();
    profile(rig, "a", "6:1234abcd", LINKS);
    const device = register(rig, QUERY, "</1/0>,</3/0>", "b");
    device.update(["pid=6:1234abcd"]);
    rig.drive(rig.now + 100);
    expect(rig.connector.registration("b")?.links.length).toBe(3);
    device.update(["pid=6:00000000"]);
    rig.drive(rig.now + 100);
    expect(device.answers).toEqual(["2.01", "2.04", "4.09 pid is unknown: list the objects"]);
    expect(rig.connector.registration("b")?.links.length).toBe(3);
  });

  test.each([
    "1234",
    "6:123",
    "6:ABCDEF12",
    "oma:",
    '"oma:a',
    '"oma:a,,v:b"',
  ])("%s is none", (pid) => {
    expect(profile(new Rig(), "a", pid, LINKS)).toMatch(/^4\.00 profile id/);
  });

  test("neither list nor profile id is 4.09, of a device that could say one", () => {
    proves("connector", "profile-id");
    expect(answerTo(QUERY, "")).toBe("4.09 neither objects nor pid");
    expect(answerTo(["lt=300", "lwm2m=1.1"], "")).toBe("2.01");
  });

  test("an older device's pid is a parameter that nobody knows", () => {
    const rig = new Rig();
    const device = register(rig, ["lt=300", "lwm2m=1.1", "pid=nonsense"]);
    expect(device.answers).toEqual(["2.01"]);
  });

  test("what was not used for longest is forgotten first, by count and by length", () => {
    for (const changes of [{ maxProfiles: 2 }, { maxProfileText: 2 * LINKS.length }]) {
      const rig = new Rig({ change: withRegistry(changes) });
      const pids = ["6:00000001", "6:00000002", "6:00000003"];
      profile(rig, "a", pids[0], LINKS);
      profile(rig, "b", pids[1], LINKS);
      profile(rig, "c", pids[0]);
      profile(rig, "d", pids[2], LINKS);
      const known = pids.map((pid, i) => profile(rig, `e${i}`, pid).slice(0, 4));
      expect(known).toEqual(["2.01", "4.09", "2.01"]);
      rig.restart();
      expect([...rig.store.table("profiles").entries()].length).toBe(2);
    }
  });
});
