import { describe, expect, test } from "vitest";
import type {
  AgentConfiguration,
  AgentServerAccount,
} from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { checkRootPath } from "../../../../../firmware/agent/registration/alternate-path.ts";
import { afterRefusal } from "../../../../../firmware/agent/registration/profiles.ts";
import {
  newestCommon,
  olderVersion,
} from "../../../../../firmware/agent/registration/server-versions.ts";
import type { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import type { Response } from "../../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import { LWM2M_CBOR, SENML_JSON } from "../../../../../protocol/coap/content-formats.ts";
import { SERVER_SUPPORTED_SERVER_VERSIONS } from "../../../../../protocol/model/objects/server-1-2.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { AgentPair, type Script } from "../../../../support/agent-pair.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const reply = (code: number): Response => ({ code, options: [], payload: new Uint8Array(0) });

function temperatures(): LwM2mObject {
  const object = sensorObject(TEMPERATURE);
  addSensor(object, 0, 21.5, "Cel");
  return object;
}

/** A server that has these versions and refuses others. */
function having(...versions: string[]): Script {
  return ({ options }) => {
    const query = options.map(({ value }) => new TextDecoder().decode(value));
    const said = query.find((text) => text.startsWith("lwm2m="));
    const isFine = said === undefined || versions.includes(said.slice("lwm2m=".length));
    return isFine ? undefined : reply(codes.PRECONDITION_FAILED);
  };
}

function given(
  configuration: Partial<AgentConfiguration>,
  answer?: Script,
  account: Partial<AgentServerAccount> = {},
): AgentPair {
  return new AgentPair(configuration, { answer, accounts: [account] }).started();
}

const versionsOf = (pair: AgentPair) =>
  pair.server.registrations.flatMap((line) => /lwm2m=([\d.]+)/.exec(line)?.[1] ?? []);

describe("a server without the agent's version", () => {
  test("LwM2M Core 1.2.2 §6.2.1: 4.12 brings a Register in the version below, at once and uncounted", () => {
    proves("device", "version-step-down");
    const pair = given({ version: "1.2" }, having("1.0"));
    expect(versionsOf(pair)).toEqual(["1.2", "1.1", "1.0"]);
    expect(pair.eventLines()).toEqual(["registration-failed", "registration-failed", "registered"]);
    expect(pair.server.link.version()).toBe("1.0");
    expect(pair.agent.version()).toBe("1.2");
  });

  test("a server with none of them rejects: the usual pauses follow", () => {
    const pair = given({ version: "1.1" }, having("2.0"));
    pair.wait(MINUTE);
    expect(versionsOf(pair)).toEqual(["1.1", "1.0", "1.0"]);
  });

  test("LwM2M Core 1.2.2 §6.2.1.2: queue mode is said in the older version's words", () => {
    const pair = given({ version: "1.2", queueMode: true }, having("1.0"));
    expect(pair.server.registrations.slice(-1)[0]).toContain(
      "lwm2m=1.0&b=UQ (</1>;ver=1.2,</1/0>)",
    );
    pair.wait(94 * SECOND);
    expect(pair.server.link.isAwake()).toBe(false);
  });

  test("formats, root link and composites are the older version's, for this server alone", () => {
    const answers = { "coap://server-0.test": having("1.1") };
    const configuration = { version: "1.2" as const, codecs: ALL_CODECS };
    const pair = new AgentPair(configuration, { servers: 2, answers }).started();
    const formats = pair.servers.map(
      ({ registrations }) => /ct="([\d ]+)"/.exec(registrations.slice(-1)[0])?.[1].split(" ") ?? [],
    );
    expect(formats[0]).not.toContain(String(LWM2M_CBOR));
    expect(formats[1]).toContain(String(LWM2M_CBOR));
    const read = (server: number) => pair.servers[server].read("/1/0", { accept: LWM2M_CBOR }).code;
    expect([read(0), read(1)]).toEqual(["4.06", "2.05"]);
    const old = given({ version: "1.1", codecs: ALL_CODECS }, having("1.0"));
    expect(old.server.ask(codes.FETCH, "/", { format: SENML_JSON }).code).toBe("4.05");
  });

  test("LwM2M Core 1.2.2 §E.2: a lifetime without end becomes a day where the version has none", () => {
    const pair = given({ version: "1.2", lifetime: 0 }, having("1.1"));
    expect(pair.server.registrations[0]).toContain("lt=0&lwm2m=1.2");
    expect(pair.server.registrations[1]).toContain("lt=86400&lwm2m=1.1");
    pair.wait(DAY);
    expect(pair.server.registrations.slice(-1)).toEqual(["POST /rd/0"]);
  });

  test("it is remembered for a day, over new registrations; then the agent's own is tried again", () => {
    const refused = new Set<number>();
    const old = having("1.1");
    const pair = given({ version: "1.2" }, (request, nth) => {
      if (refused.has(nth)) return reply(codes.NOT_FOUND);
      return nth < 5 ? old(request, nth) : undefined;
    });
    const lose = () => {
      refused.add(pair.server.registrations.length);
      pair.server.execute("/1/0/8");
    };
    pair.wait(HOUR);
    lose();
    expect(versionsOf(pair)).toEqual(["1.2", "1.1", "1.1"]);
    pair.wait(DAY);
    lose();
    expect(versionsOf(pair).slice(3)).toEqual(["1.2"]);
  });

  test("LwM2M Core 1.2.2 §E.2: what /1/x/25 lists is spoken from the start, and what is written there from the next Register", () => {
    const pair = given({ version: "1.2" }, having("1.0", "1.1"), {
      supportedVersions: ["1.0", "1.1"],
    });
    expect(versionsOf(pair)).toEqual(["1.1"]);
    pair.agent.servers.set(0, SERVER_SUPPORTED_SERVER_VERSIONS, ["1.0"]);
    pair.agent.stop(pair.now);
    pair.wait(0);
    pair.started();
    expect(versionsOf(pair)).toEqual(["1.1", "1.0"]);
  });

  test("which version comes next", () => {
    expect(newestCommon([], "1.2")).toBe("1.2");
    expect(newestCommon(["1.0", "1.1.1", "2.0"], "1.2")).toBe("1.1");
    expect(newestCommon(["1.2.2"], "1.1")).toBe("1.1");
    expect(newestCommon(["nonsense"], "1.1")).toBe("1.1");
    expect(olderVersion([], "1.2")).toBe("1.1");
    expect(olderVersion(["1.0", "1.2"], "1.2")).toBe("1.0");
    expect(olderVersion(["1.2"], "1.0")).toBeUndefined();
  });
});

describe("Profile IDs", () => {
  const METER = { id: "oma:meter-1", paths: ["/1/0", "/3303/0"] };

  test("LwM2M Core 1.2.2 §6.2.1: a profile takes the place of the list", () => {
    proves("device", "profile-id");
    const pair = given({ version: "1.2", profiles: [METER], objects: [temperatures()] });
    expect(pair.server.registrations).toEqual([
      "POST /rd?ep=dev&lt=86400&lwm2m=1.2&b=U&pid=oma:meter-1",
    ]);
  });

  test("LwM2M Core 1.2.2 §6.2.1: beside it stands what it leaves out; several are quoted", () => {
    const profiles = [
      { id: "oma:meter-1", paths: ["/1/0"] },
      { id: "v:acme-7", paths: ["/3303/0"] },
    ];
    const object = temperatures();
    addSensor(object, 1, 5, "Cel");
    const pair = given({ version: "1.2", profiles, objects: [object] });
    expect(pair.server.registrations[0]).toContain(
      'pid="oma:meter-1,v:acme-7" (</>;rt="oma.lwm2m"',
    );
    expect(pair.server.registrations[0]).toMatch(/,<\/3303>;ver=1.1,<\/3303\/1>\)$/);
  });

  test("a profile is said only while the device has what it stands for; the Update brings the list", () => {
    const object = temperatures();
    const pair = given({ version: "1.2", profiles: [METER], objects: [object] });
    object.remove(0);
    pair.wait(0);
    expect(pair.server.registrations.slice(1)).toEqual([
      expect.stringMatching(/^POST \/rd\/0 \(<\/>;rt=.*<\/1\/0>,<\/3303>;ver=1.1\)$/),
    ]);
    addSensor(object, 0, 1, "Cel");
    pair.wait(0);
    expect(pair.server.registrations.slice(-1)).toEqual(["POST /rd/0?pid=oma:meter-1"]);
  });

  test("LwM2M Core 1.2.2 §6.2.1: 4.09 brings a Register with both, from which the server may learn; then it is said alone again", () => {
    let isKnown = false;
    const pair = given(
      { version: "1.2", profiles: [METER], objects: [temperatures()] },
      ({ payload }) => {
        if (payload.length > 0) isKnown = true;
        return isKnown ? undefined : reply(codes.CONFLICT);
      },
    );
    expect(pair.server.registrations[1]).toMatch(/pid=oma:meter-1 \(<\/>.*<\/3303\/0>\)$/);
    pair.agent.stop(0);
    pair.wait(0);
    pair.started();
    expect(pair.server.registrations.slice(-1)[0]).toMatch(/pid=oma:meter-1$/);
  });

  test("a server that refuses profiles gets the list alone, and is not asked again", () => {
    const pair = given(
      { version: "1.2", profiles: [METER], objects: [temperatures()] },
      ({ options }) =>
        options.some(({ value }) => new TextDecoder().decode(value).startsWith("pid="))
          ? reply(codes.BAD_REQUEST)
          : undefined,
    );
    expect(pair.server.registrations).toHaveLength(2);
    expect(pair.server.registrations[1]).not.toContain("pid");
    expect(pair.server.link.isRegistered()).toBe(true);
    pair.agent.stop(0);
    pair.wait(0);
    pair.started();
    expect(pair.server.registrations.slice(-1)[0]).not.toContain("pid");
  });

  test("LwM2M Core 1.2.2 §6.2.1: a hash is over objects, their versions and instances, and changes with them", () => {
    const lists: string[] = [];
    const hashProfile = (list: string) => `6:${String(lists.push(list)).padStart(8, "0")}`;
    const object = temperatures();
    const pair = given({ version: "1.2", hashProfile, objects: [object] });
    expect(lists[0]).toBe("</1>;ver=1.2,</1/0>,</3303>;ver=1.1,</3303/0>");
    expect(pair.server.registrations[0]).toMatch(/&pid=6:\d{8}$/);
    addSensor(object, 1, 5, "Cel");
    pair.wait(0);
    expect(pair.server.registrations.slice(-1)[0]).toMatch(/^POST \/rd\/0\?pid=6:\d{8}$/);
    expect(lists.slice(-1)[0]).toContain("</3303/1>");
  });

  test("LwM2M 1.1 knows none: the list is said", () => {
    const pair = given({ version: "1.1", profiles: [METER], objects: [temperatures()] });
    expect(pair.server.registrations[0]).not.toContain("pid");
    const stepped = given(
      { version: "1.2", profiles: [METER], objects: [temperatures()] },
      having("1.1"),
    );
    expect(stepped.server.registrations.slice(-1)[0]).toContain("</3303/0>");
  });

  test.each([
    [{ id: "meter", paths: ["/1"] }, /oma:NAME/],
    [{ id: "oma:m", paths: ["/1/0/2"] }, /neither an object/],
    [{ id: "oma:m", paths: ["/0/0"] }, /hidden/],
  ])("%j is refused, with what was expected", (profile, why) => {
    expect(() => new AgentPair({ profiles: [profile] })).toThrow(why);
  });

  test("what follows which refusal", () => {
    expect(afterRefusal(0, codes.CONFLICT)).toBe(1);
    expect(afterRefusal(3, codes.CONFLICT)).toBe(2);
    expect(afterRefusal(1, codes.BAD_REQUEST)).toBe(2);
    expect(afterRefusal(0, codes.FORBIDDEN)).toBeUndefined();
    expect(afterRefusal(2, codes.CONFLICT)).toBeUndefined();
  });
});

describe("an alternate path", () => {
  const configuration = { version: "1.2", rootPath: "/lwm2m", codecs: ALL_CODECS } as const;

  test("LwM2M Transport 1.1.1 §6.4.1: root link and list have it; in 1.0 the root link is there for it", () => {
    proves("device", "alternate-path");
    const pair = given({ ...configuration, objects: [temperatures()] });
    expect(pair.server.registrations[0]).toMatch(
      /\(<\/lwm2m>;rt="oma.lwm2m";ct="[\d ]+",<\/lwm2m\/1>;ver=1.2,<\/lwm2m\/1\/0>,<\/lwm2m\/3303>;ver=1.1,<\/lwm2m\/3303\/0>\)/,
    );
    const old = given({ ...configuration, version: "1.0" });
    expect(old.server.registrations[0]).toContain('(</lwm2m>;rt="oma.lwm2m",</lwm2m/1/0>)');
  });

  test("LwM2M Transport 1.1.1 §6.4.1: servers address what is below it, and nothing at the root", () => {
    const { server } = given({ ...configuration, objects: [temperatures()] });
    expect(server.read("/lwm2m/3303/0/5700", { accept: 0 }).text).toBe("21.5");
    expect(server.read("/3303/0/5700").code).toBe("4.04");
    expect(server.write("/lwm2m/1/0/1", "600").code).toBe("2.04");
    expect(server.read("/lwm2mm/3303/0/5700").code).toBe("4.04");
  });

  test("LwM2M Transport 1.1.1 §6.4.1: SenML names have it, in what is read and in what is written", () => {
    const { server } = given({ ...configuration, objects: [temperatures()] });
    const read = server.read("/lwm2m/3303/0", { accept: SENML_JSON });
    expect(JSON.parse(read.text)[0].bn).toBe("/lwm2m/3303/0/");
    const named = (bn: string) => JSON.stringify([{ bn, n: "1", v: 700 }]);
    expect(server.write("/lwm2m/1/0/1", '[{"n":"/lwm2m/1/0/1","v":60}]', SENML_JSON).code).toBe(
      "2.04",
    );
    const post = (payload: string) =>
      server.ask(codes.POST, "/lwm2m/1/0", { payload, format: SENML_JSON }).code;
    expect(post(named("/1/0/"))).toBe("4.00");
    expect(post(named("/lwm2m/1/0/"))).toBe("2.04");
  });

  test("LwM2M Transport 1.1.1 §6.4.1: composites have it too", () => {
    const { server } = given({ ...configuration, objects: [temperatures()] });
    const payload = '[{"n":"/lwm2m/3303/0/5700"}]';
    for (const path of ["/lwm2m", "/"]) {
      const read = server.ask(codes.FETCH, path, { payload, format: SENML_JSON });
      expect(JSON.parse(read.text)).toEqual([{ bn: "/lwm2m/", n: "3303/0/5700", v: 21.5 }]);
    }
  });

  test("LwM2M Core 1.2.2 §6.3.2: Discover answers with it, notifications come with it", () => {
    const object = temperatures();
    const { server } = given({ ...configuration, objects: [object] });
    const found = server.read("/lwm2m/3303/0", { accept: 40 }).text;
    expect(found).toMatch(/^<\/lwm2m\/3303\/0>,<\/lwm2m\/3303\/0\/5601>/);
    expect(server.observe("/lwm2m/3303/0/5700", { accept: SENML_JSON }).text).toContain(
      "/lwm2m/3303",
    );
  });

  test.each(["lwm2m", "/", "/lwm2m/", "/3", "/a/3", "/a b", ""])('"%s" is none', (root) => {
    expect(() => checkRootPath(root)).toThrow(expect.objectContaining({ code: "agent/root-path" }));
  });
});

describe("object 1", () => {
  test.each([
    ["1.0", "1.0", false],
    ["1.1", "1.1", true],
    ["1.2", "1.2", true],
  ] as const)("LwM2M Core 1.2.2 §E.2: of LwM2M %s it is version %s", (version, own, hasPolicy) => {
    const pair = new AgentPair({ version });
    expect(pair.agent.servers.definition.version).toBe(own);
    const add = () =>
      pair.agent.addServer({ shortServerId: 9, uri: "coap://other.test", retryCount: 3 });
    if (hasPolicy) expect(add).not.toThrow();
    else expect(add).toThrow(/retryCount: version 1.0 of object 1 has no \/1\/x\/17/);
  });

  test("a setting that is none is refused by name", () => {
    expect(() => given({}, undefined, { retryTimer: -1 })).toThrow(/retryTimer: \/1\/x\/18/);
  });

  test("agents with like accounts share the instance, until one is written to", () => {
    const make = () =>
      new AgentPair({ version: "1.2" }, { accounts: [{ retryCount: 3, priorityOrder: 1 }] }).agent;
    const [one, other] = [make(), make()];
    expect(one.servers.instances.get(0)).toBe(other.servers.instances.get(0));
    one.servers.set(0, 17, 4);
    expect(other.servers.get(0, 17)).toBe(3);
    const third = new AgentPair({ version: "1.2" }, { accounts: [{ retryCount: 3 }] }).agent;
    expect(third.servers.get(0, 13)).toBeUndefined();
  });

  test.each([
    [1, "0", "2.04"],
    [7, "U", "2.04"],
    [7, "UT", "2.04"],
    [7, "T", "2.04"],
    [7, "UU", "4.00"],
    [7, "X", "4.00"],
    [14, "30", "2.04"],
    [17, "4294967296", "4.00"],
    [20, "2", "2.04"],
    [22, "U", "2.04"],
    [22, "T", "4.00"],
    [26, "2", "4.00"],
    [13, "1", "4.05"],
    [15, "1", "4.05"],
  ])("LwM2M Core 1.2.2 §E.2: writing /1/x/%i = %s is answered with %s", (resource, text, code) => {
    const pair = given({ version: "1.2" });
    expect(pair.server.write(`/1/0/${resource}`, text).code).toBe(code);
  });

  test("LwM2M Core 1.2.2 §E.2: a lifetime of 0 is written since 1.2 only, and is told at once", () => {
    proves("device", "lifetime-endless");
    const pair = given({ version: "1.2", lifetime: 100 });
    pair.server.write("/1/0/1", "0");
    expect(pair.server.registrations.slice(1)).toEqual(["POST /rd/0?lt=0"]);
    pair.wait(100 * DAY);
    expect(pair.server.registrations).toHaveLength(2);
    expect(given({ version: "1.1" }).server.write("/1/0/1", "0").code).toBe("4.00");
  });

  test("LwM2M Core 1.2.2 §6.2.1.2: a binding with other transports changes nothing of what is said", () => {
    const pair = given({ version: "1.2" });
    pair.server.write("/1/0/7", "UT");
    expect(pair.server.registrations).toHaveLength(1);
  });

  test.each([
    [undefined, "2.04"],
    ["0='U'", "2.04"],
    ["5", "2.04"],
    ["0='T'", "4.00"],
    ["0", "4.00"],
  ])("LwM2M Core 1.2.2 §6.2.1.2: the Update trigger with %s is answered with %s", (text, code) => {
    proves("device", "update-trigger");
    const pair = given({ version: "1.2" });
    expect(pair.server.execute("/1/0/8", text).code).toBe(code);
    expect(pair.server.registrations).toHaveLength(code === "2.04" ? 2 : 1);
  });

  test("LwM2M Core 1.2.2 §E.2: who disabled itself is not heard for /1/x/5, and De-register need not be answered", () => {
    proves("device", "disable");
    const answer: Script = ({ code }) => (code === codes.DELETE ? "silence" : undefined);
    const pair = given({ version: "1.2" }, answer, { disableTimeout: 600 });
    expect(pair.server.execute("/1/0/4").code).toBe("2.04");
    pair.wait(400 * SECOND);
    expect(pair.server.read("/1/0/0").code).toBe("no answer");
    pair.agent.retry(pair.now);
    pair.agent.handleAddressChange(pair.now);
    pair.wait(0);
    expect(pair.server.link.isRegistered()).toBe(false);
    pair.wait(600 * SECOND);
    expect(pair.server.link.isRegistered()).toBe(true);
  });
});

describe("another address", () => {
  test("LwM2M Transport 1.1.1 §6.4.3: without security the device registers again, with every server", () => {
    proves("device", "address-change");
    const pair = new AgentPair({}, { servers: 2 }).started();
    pair.server.observe("/1/0/1");
    pair.wait(SECOND);
    pair.agent.handleAddressChange(pair.now);
    pair.wait(0);
    for (const { registrations } of pair.servers) {
      expect(registrations).toHaveLength(2);
      expect(registrations[1]).toContain("POST /rd?ep=dev");
    }
    expect(pair.server.link.observers?.observations).toEqual([]);
  });

  test("an Update under way is waited for, then the Register follows", () => {
    const pair = new AgentPair({}, { latency: 50 }).started();
    pair.agent.servers.set(0, 1, 600);
    pair.wait(10);
    pair.agent.handleAddressChange(pair.now);
    pair.wait(SECOND);
    const asked = pair.server.registrations.map((line) => line.split("?")[0]);
    expect(asked).toEqual(["POST /rd", "POST /rd/0", "POST /rd"]);
  });

  test("back on the network, who waits to try again does so at once; who waits for its turn does not", () => {
    let isUp = false;
    const answer: Script = () => (isUp ? undefined : reply(codes.INTERNAL_SERVER_ERROR));
    const accounts = [{ priorityOrder: 1 }, { priorityOrder: 2 }];
    const pair = new AgentPair({}, { answer, accounts }).started();
    pair.wait(70 * SECOND);
    isUp = true;
    pair.agent.handleAddressChange(pair.now);
    pair.wait(0);
    expect(pair.servers.map(({ link }) => link.isRegistered())).toEqual([true, true]);
  });
});
