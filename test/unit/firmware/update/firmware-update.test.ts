import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../firmware/agent/all-codecs.ts";
import {
  firmwareUpdateKind,
  firmwareUpdateObject,
  firmwareUpdateOf,
} from "../../../../firmware/objects/firmware-update.ts";
import { twinOf } from "../../../../firmware/objects/lwm2m-object.ts";
import type { UpdateSettings } from "../../../../firmware/update/firmware-update.ts";
import {
  INSTALLATION_FAILED,
  INTEGRITY_FAILED,
  INVALID_URI,
  NO_FAULT,
  NO_MEMORY,
  NO_STORAGE,
  UNSUPPORTED_TYPE,
} from "../../../../firmware/update/ports.ts";
import { OCTET_STREAM, TEXT, TLV } from "../../../../protocol/coap/content-formats.ts";
import type { ObjectDefinition } from "../../../../protocol/model/object-definition.ts";
import { FIRMWARE_UPDATE } from "../../../../protocol/model/objects/firmware-update.ts";
import { FIRMWARE_UPDATE_1_1 } from "../../../../protocol/model/objects/firmware-update-1-1.ts";
import { FIRMWARE_UPDATE_1_2 } from "../../../../protocol/model/objects/firmware-update-1-2.ts";
import { AgentPair } from "../../../support/agent-pair.ts";
import { proves } from "../../../support/proves.ts";
import {
  MemoryStaging,
  MemoryStore,
  packageOf,
  ScriptedInstaller,
  ScriptedSource,
  ScriptedVerification,
} from "../../../support/update-ports.ts";

const IMAGE = packageOf(5000);
const URI = "coap://files.test/fw.bin";
const NUL = Uint8Array.of(0);

interface Given {
  readonly definition?: ObjectDefinition;
  readonly settings?: UpdateSettings;
  readonly staging?: MemoryStaging;
  readonly store?: MemoryStore;
  readonly source?: ScriptedSource;
  readonly installer?: ScriptedInstaller;
  readonly pushOnly?: boolean;
}

function given(options: Given = {}) {
  const staging = options.staging ?? new MemoryStaging();
  const store = options.store ?? new MemoryStore();
  const installer = options.installer ?? new ScriptedInstaller();
  const verification = new ScriptedVerification();
  const source = options.source ?? new ScriptedSource(IMAGE, [0, 2]);
  const ports = {
    staging,
    store,
    installer,
    verification,
    sources: options.pushOnly === true ? undefined : [source],
  };
  let clock = { now: 0 };
  const object = firmwareUpdateObject(
    options.definition ?? FIRMWARE_UPDATE_1_2,
    {
      ...ports,
      calendar: { seconds: () => 1_700_000_000 + clock.now / 1000, setSeconds: () => true },
    },
    options.settings,
  );
  const pair = new AgentPair({ codecs: ALL_CODECS, objects: [object] });
  clock = pair;
  pair.started();
  const server = pair.server;
  return {
    pair,
    server,
    object,
    staging,
    store,
    installer,
    verification,
    source,
    /** State and result as a server reads them: "2/0". */
    now: () => `${server.read("/5/0/3").text}/${server.read("/5/0/5").text}`,
    push: (bytes: Uint8Array) => server.write("/5/0/0", bytes, OCTET_STREAM).code,
    pull: (uri: string) => server.write("/5/0/1", uri, TEXT).code,
  };
}

describe("LwM2M Core 1.2.2 §E.6: Firmware Update, pushed", () => {
  test("a package written in blocks is staged and leads to Downloaded; nothing of it can be read, or stays in the object", () => {
    proves("device", "firmware-push");
    const { now, push, staging, server, object } = given();
    expect(push(IMAGE)).toBe("2.04");
    expect(now()).toBe("2/0");
    expect(staging.bytes).toEqual(IMAGE);
    expect(server.read("/5/0/0").code).toBe("4.05");
    expect(object.get(0, 0)).toEqual(new Uint8Array(0));
  });

  test("Update installs it: 3, and then 0 with result 1", () => {
    proves("device", "firmware-results");
    const { pair, server, now, push, installer } = given();
    installer.next = undefined;
    push(IMAGE);
    expect(server.execute("/5/0/2").code).toBe("2.04");
    expect(now()).toBe("3/0");
    expect(installer.installed).toEqual([IMAGE]);
    installer.next = NO_FAULT;
    pair.wait(2000);
    expect(now()).toBe("0/1");
  });

  test.each([
    { name: "no bytes", bytes: new Uint8Array(0) },
    { name: "one NUL", bytes: NUL },
  ])("a package of $name resets: Idle, result 0, and what was staged is gone", ({ bytes }) => {
    const { now, push, staging } = given();
    push(IMAGE);
    expect(push(bytes)).toBe("2.04");
    expect(now()).toBe("0/0");
    expect(staging.bytes.length).toBe(0);
  });

  test.each([
    { fault: INTEGRITY_FAILED, name: "a broken package" },
    { fault: UNSUPPORTED_TYPE, name: "another type of package" },
  ])("$name is told by result $fault alone, the Write is 2.04", ({ fault }) => {
    proves("device", "firmware-results");
    const { now, push, verification, staging } = given();
    verification.verdict = { fault };
    expect(push(IMAGE)).toBe("2.04");
    expect(now()).toBe(`0/${fault}`);
    expect(staging.bytes.length).toBe(0);
  });

  test("a package that is too long is result 2", () => {
    proves("device", "firmware-results");
    const { now, push } = given({ staging: new MemoryStaging(4999) });
    push(IMAGE);
    expect(now()).toBe(`0/${NO_STORAGE}`);
  });

  test("name and version of the package are the verification's, until it is installed", () => {
    const { push, server, verification, pair } = given();
    verification.verdict = { fault: NO_FAULT, name: "rotor", version: "2.1" };
    push(IMAGE);
    expect(server.read("/5/0/6").text).toBe("rotor");
    expect(server.read("/5/0/7").text).toBe("2.1");
    server.execute("/5/0/2");
    pair.wait(10);
    expect(server.read("/5/0/7").text).toBe("");
  });

  test("a verification that takes its time leaves the state at Downloading", () => {
    const { pair, now, push, verification } = given();
    verification.verdict = undefined;
    push(IMAGE);
    pair.wait(500);
    expect(now()).toBe("1/0");
    const looks = verification.asked;
    expect(looks).toBeGreaterThan(10);
    expect(looks).toBeLessThan(60);
    verification.verdict = { fault: NO_FAULT };
    pair.wait(100);
    expect(now()).toBe("2/0");
  });

  test("a package among other values of the instance is taken too", () => {
    const { server, now, staging } = given();
    const tlv = Uint8Array.from([0xc3, 0x00, 7, 8, 9, 0xc1, 0x0b, 0x02]);
    expect(server.ask(2, "/5/0", { payload: tlv, format: TLV }).code).toBe("2.04");
    expect(staging.bytes).toEqual(Uint8Array.of(7, 8, 9));
    expect(server.read("/5/0/11").text).toBe("2");
    expect(now()).toBe("2/0");
  });

  test("without a source there is no pull: /5/0/9 says push, and any URI is an unsupported protocol", () => {
    const { server, pull, now } = given({ pushOnly: true });
    expect(server.read("/5/0/9").text).toBe("1");
    expect(server.read("/5/0/8").code).toBe("4.04");
    expect(pull(URI)).toBe("2.04");
    expect(now()).toBe("0/9");
  });
});

describe("LwM2M Core 1.2.2 §E.6: Firmware Update, pulled", () => {
  test("/5/0/8 and /5/0/9 say how", () => {
    const { server } = given();
    expect(server.read("/5/0/9").text).toBe("2");
    expect(server.read("/5/0/8/0").text).toBe("0");
    expect(server.read("/5/0/8/1").text).toBe("2");
  });

  test("a written URI is fetched: Downloading, then Downloaded; the URI can be read", () => {
    proves("device", "firmware-pull");
    const { server, pull, now, staging, source } = given();
    expect(pull(URI)).toBe("2.04");
    expect(now()).toBe("2/0");
    expect(staging.bytes).toEqual(IMAGE);
    expect(source.opened).toMatchObject([{ uri: URI, offset: 0, tag: undefined }]);
    expect(server.read("/5/0/1").text).toBe(URI);
  });

  test.each([
    { uri: "coaps://files.test/fw", result: 9, why: "a protocol that /5/0/8 does not list" },
    { uri: "ftp://files.test/fw", result: 9, why: "a scheme without a number" },
    { uri: "coap:files", result: 7, why: "no authority" },
    { uri: "fw.bin", result: 7, why: "no scheme" },
    { uri: "coap://files.test/f w", result: 7, why: "a blank" },
  ])("$why is result $result, and the Write is 2.04", ({ uri, result }) => {
    proves("device", "firmware-results");
    const { pull, now, source } = given();
    expect(pull(uri)).toBe("2.04");
    expect(now()).toBe(`0/${result}`);
    expect(source.opened).toEqual([]);
  });

  test("a URI of more than 255 bytes is 4.00", () => {
    const { pull, now } = given();
    expect(pull(`coap://files.test/${"x".repeat(240)}`)).toBe("4.00");
    expect(now()).toBe("0/0");
  });

  test("what the server does not have is result 7, at once", () => {
    const { pull, now, source } = given();
    source.fault = { kind: "failed", fault: INVALID_URI };
    pull(URI);
    expect(now()).toBe("0/7");
    expect(source.opened.length).toBe(1);
  });

  test("what is too long is refused when its length is known, before a byte of it is stored", () => {
    const { pull, now, staging, source } = given({ staging: new MemoryStaging(4000) });
    pull(URI);
    expect(now()).toBe(`0/${NO_STORAGE}`);
    expect(staging.longestPiece).toBe(0);
    expect(source.closed).toBe(1);
  });

  test("RAM that does not suffice is result 3", () => {
    const { pull, now, staging } = given();
    staging.append = () => NO_MEMORY;
    pull(URI);
    expect(now()).toBe("0/3");
  });

  test("an empty URI resets while it is under way", () => {
    const { pair, pull, now, source, staging } = given();
    source.breaks = [2000];
    pull(URI);
    expect(now()).toBe("1/0");
    expect(pull("")).toBe("2.04");
    expect(now()).toBe("0/0");
    expect(staging.bytes.length).toBe(0);
    pair.wait(1_000_000);
    expect(source.opened.length).toBe(1);
  });

  test("observers hear of each state: 1 while it comes, 2, 3, and 0", () => {
    proves("device", "firmware-results");
    const { pair, server, pull, source, installer } = given();
    source.breaks = [1000];
    server.observe("/5/0/3");
    server.observe("/5/0/5");
    pull(URI);
    pair.wait(20_000);
    installer.next = undefined;
    server.execute("/5/0/2");
    pair.wait(100);
    installer.next = NO_FAULT;
    pair.wait(5000);
    const told = server.notes().map((note) => note.split(" ")[1]);
    expect(told.slice(0, 3)).toEqual(["1", "2", "3"]);
    // State and result change in the same instant.
    expect(told.slice(3).sort()).toEqual(["0", "1"]);
  });
});

describe("LwM2M Core 1.2.2 §E.6: a download that breaks", () => {
  test("goes on from the byte where it stopped, later each time", () => {
    proves("device", "firmware-resume");
    const { pair, pull, now, source, staging } = given();
    source.breaks = [1500, 0, 0, 2000];
    pull(URI);
    pair.wait(200_000);
    expect(now()).toBe("2/0");
    expect(staging.bytes).toEqual(IMAGE);
    expect(source.opened.map(({ offset, tag }) => `${offset} ${tag}`)).toEqual([
      "0 undefined",
      "1500 v1",
      "1500 v1",
      "1500 v1",
      "3500 v1",
    ]);
  });

  test("attempts come 10, 20 and 40 s after one another, and then it is result 4", () => {
    const { pair, pull, now, source, staging } = given();
    source.breaks = [1500, 0, 0, 0];
    pull(URI);
    pair.wait(69_999);
    expect(source.opened.length).toBe(3);
    expect(now()).toBe("1/0");
    pair.wait(1);
    expect(source.opened.length).toBe(4);
    expect(now()).toBe("0/4");
    expect(staging.bytes.length).toBe(0);
  });

  test("an attempt that gets further sets the count back", () => {
    const { pair, pull, now, source } = given();
    source.breaks = [500, 500, 500, 500, 500, 500];
    pull(URI);
    pair.wait(70_000);
    expect(now()).toBe("2/0");
  });

  test("an attempt that gets no further than those before counts, though it brought bytes", () => {
    const { pair, pull, now, source } = given();
    source.tag = undefined;
    source.breaks = [3000, 10, 3000, 2999];
    pull(URI);
    pair.wait(70_000);
    expect(source.opened.length).toBe(4);
    expect(now()).toBe("0/4");
  });

  test("a server whose length is never that of its package is given up", () => {
    const { pair, pull, now, source } = given();
    const begun = source.open.bind(source);
    source.open = (at, point) => {
      const download = begun(at, point);
      const poll = download.pollEvent.bind(download);
      download.pollEvent = () => {
        const event = poll();
        return event?.kind === "begun" ? { ...event, length: 6000 } : event;
      };
      return download;
    };
    pull(URI);
    pair.wait(70_000);
    expect(source.opened.length).toBe(4);
    expect(now()).toBe("0/4");
  });

  test("a server that is busy says when to come again, within reason", () => {
    const { pair, pull, source } = given();
    source.fault = { kind: "failed", fault: 4, retryAfter: 100_000 };
    pull(URI);
    pair.wait(99_000);
    expect(source.opened.length).toBe(1);
    pair.wait(1000);
    expect(source.opened.length).toBe(2);
    source.fault = { kind: "failed", fault: 4, retryAfter: 1e12 };
    pair.wait(100_000);
    expect(source.opened.length).toBe(3);
    pair.wait(600_000);
    expect(source.opened.length).toBe(4);
  });

  test("another representation is fetched from its first byte", () => {
    const { pair, pull, now, source, staging } = given();
    source.breaks = [3000];
    pull(URI);
    source.file = packageOf(4000, 2);
    source.tag = "v2";
    pair.wait(20_000);
    expect(now()).toBe("2/0");
    expect(staging.bytes).toEqual(packageOf(4000, 2));
  });

  test("a server without entity tags gives no way to go on", () => {
    const { pair, pull, source, staging } = given();
    source.tag = undefined;
    source.breaks = [3000];
    pull(URI);
    pair.wait(20_000);
    expect(source.opened.map(({ offset }) => offset)).toEqual([0, 0]);
    expect(staging.bytes).toEqual(IMAGE);
  });

  test("fewer bytes than were announced are no package", () => {
    const { pair, pull, now, source } = given();
    const { file } = source;
    Object.defineProperty(source, "file", {
      get: () => (source.opened.length === 1 ? Object.assign(file.slice(0, 4000), {}) : file),
    });
    const begun = source.open.bind(source);
    source.open = (at, point) => {
      const download = begun(at, point);
      const poll = download.pollEvent.bind(download);
      download.pollEvent = () => {
        const event = poll();
        return event?.kind === "begun" ? { ...event, length: 5000 } : event;
      };
      return download;
    };
    pull(URI);
    expect(now()).toBe("1/0");
    pair.wait(10_000);
    expect(source.opened.map(({ offset }) => offset)).toEqual([0, 0]);
    expect(now()).toBe("2/0");
  });
});

describe("LwM2M Core 1.2.2 §E.6.1: what a state does not allow", () => {
  const states = [
    { state: 0, reach: () => {} },
    {
      state: 1,
      reach: ({ source, pull }: ReturnType<typeof given>) => {
        source.breaks = [1000];
        pull(URI);
      },
    },
    { state: 2, reach: ({ push }: ReturnType<typeof given>) => push(IMAGE) },
    {
      state: 3,
      reach: ({ push, server, installer }: ReturnType<typeof given>) => {
        installer.next = undefined;
        push(IMAGE);
        server.execute("/5/0/2");
      },
    },
  ];

  test.each([
    { state: 0, codes: ["2.04", "2.04", "2.04", "4.05", "4.05"] },
    { state: 1, codes: ["4.05", "4.05", "2.04", "4.05", "2.04"] },
    { state: 2, codes: ["4.05", "4.05", "2.04", "2.04", "2.04"] },
    { state: 3, codes: ["4.05", "4.05", "4.05", "4.05", "4.05"] },
  ])("state $state: package, URI, reset, Update, Cancel are $codes", ({ state, codes }) => {
    proves("device", "firmware-results");
    const acts: ((it: ReturnType<typeof given>) => string)[] = [
      ({ push }) => push(packageOf(10)),
      ({ pull }) => pull(URI),
      ({ push }) => push(NUL),
      ({ server }) => server.execute("/5/0/2").code,
      ({ server }) => server.execute("/5/0/10").code,
    ];
    const answered = acts.map((act) => {
      const it = given();
      states[state].reach(it);
      expect(it.now()).toBe(`${state}/0`);
      return act(it);
    });
    expect(answered).toEqual(codes);
  });

  test("what is refused changes nothing", () => {
    const it = given();
    states[1].reach(it);
    it.pull("coap://other.test/x");
    expect(it.server.read("/5/0/1").text).toBe(URI);
    it.pair.wait(10_000);
    expect(it.staging.bytes).toEqual(IMAGE);
  });

  test("an installation that fails leaves the package, to be tried again: state 2, result 8", () => {
    const it = given();
    it.installer.next = INSTALLATION_FAILED;
    it.push(IMAGE);
    it.server.execute("/5/0/2");
    expect(it.now()).toBe("2/8");
    it.installer.next = NO_FAULT;
    expect(it.server.execute("/5/0/2").code).toBe("2.04");
    it.pair.wait(10);
    expect(it.now()).toBe("0/1");
    expect(it.installer.installed).toEqual([IMAGE, IMAGE]);
  });

  test("a package that turns out broken when it is installed is gone: state 0, result 5", () => {
    const it = given();
    it.installer.next = INTEGRITY_FAILED;
    it.push(IMAGE);
    it.server.execute("/5/0/2");
    expect(it.now()).toBe("0/5");
    expect(it.staging.bytes.length).toBe(0);
  });

  test("after success another update begins at result 0", () => {
    const it = given();
    it.push(IMAGE);
    it.server.execute("/5/0/2");
    it.pair.wait(10);
    expect(it.server.execute("/5/0/10").code).toBe("4.05");
    it.source.breaks = [100];
    it.pull(URI);
    expect(it.now()).toBe("1/0");
  });
});

describe("LwM2M Core 1.2.2 §E.6: cancel, severity, defer", () => {
  const asking = { settings: { asksUser: true } };

  test("Cancel ends a download or gives up a package: state 0, result 10", () => {
    proves("device", "firmware-cancel-defer");
    const { pair, server, pull, push, now, source, staging } = given();
    source.breaks = [1000];
    pull(URI);
    expect(server.execute("/5/0/10").code).toBe("2.04");
    expect(now()).toBe("0/10");
    pair.wait(100_000);
    expect(source.opened.length).toBe(1);
    push(IMAGE);
    expect(now()).toBe("2/0");
    server.execute("/5/0/10");
    expect(now()).toBe("0/10");
    expect(staging.bytes.length).toBe(0);
  });

  test("a user may defer: state 2 with result 11, until the user agrees", () => {
    proves("device", "firmware-cancel-defer");
    const { pair, server, push, now, object, installer } = given(asking);
    server.write("/5/0/13", "3600", TEXT);
    push(IMAGE);
    expect(server.execute("/5/0/2").code).toBe("2.04");
    expect(now()).toBe("2/11");
    pair.wait(3_000_000);
    expect(installer.installed).toEqual([]);
    expect(firmwareUpdateOf(object).accept()).toBe(true);
    pair.wait(10);
    expect(now()).toBe("0/1");
    expect(firmwareUpdateOf(object).accept()).toBe(false);
  });

  test("the period over, the update begins by itself; a further Execute does not lengthen it", () => {
    proves("device", "firmware-cancel-defer");
    const { pair, server, push, now } = given(asking);
    server.write("/5/0/13", "60", TEXT);
    push(IMAGE);
    server.execute("/5/0/2");
    pair.wait(50_000);
    expect(server.execute("/5/0/2").code).toBe("2.04");
    pair.wait(9000);
    expect(now()).toBe("2/11");
    pair.wait(1000);
    expect(now()).toBe("0/1");
  });

  test.each([
    { why: "critical", severity: "0", defer: "60" },
    { why: "not to be deferred, the period being 0", severity: "1", defer: "0" },
  ])("an update that is $why does not wait", ({ severity, defer }) => {
    const { pair, server, push, now } = given(asking);
    server.write("/5/0/11", severity, TEXT);
    server.write("/5/0/13", defer, TEXT);
    push(IMAGE);
    server.execute("/5/0/2");
    pair.wait(10);
    expect(now()).toBe("0/1");
  });

  test("what becomes critical while it waits, waits no longer", () => {
    const { pair, server, push, now } = given(asking);
    server.write("/5/0/13", "6000", TEXT);
    push(IMAGE);
    server.execute("/5/0/2");
    expect(now()).toBe("2/11");
    server.write("/5/0/11", "0", TEXT);
    pair.wait(10);
    expect(now()).toBe("0/1");
  });

  test("a deferred update can be cancelled", () => {
    const { pair, server, push, now, installer } = given(asking);
    server.write("/5/0/13", "60", TEXT);
    push(IMAGE);
    server.execute("/5/0/2");
    server.execute("/5/0/10");
    pair.wait(100_000);
    expect(now()).toBe("0/10");
    expect(installer.installed).toEqual([]);
  });

  test("a severity beyond 2 is 4.00", () => {
    expect(given().server.write("/5/0/11", "3", TEXT).code).toBe("4.00");
  });

  test("/5/0/14: an update may begin at once when its package is there", () => {
    proves("device", "firmware-automatic");
    const { pair, server, pull, now } = given();
    server.write("/5/0/14", "1", TEXT);
    pull(URI);
    pair.wait(10);
    expect(now()).toBe("0/1");
  });

  test("/5/0/12 says when the state changed", () => {
    const { pair, server, push } = given();
    expect(server.read("/5/0/12").code).toBe("4.04");
    pair.wait(5000);
    push(IMAGE);
    expect(server.read("/5/0/12").text).toBe("1700000005");
  });

  test.each([
    { definition: FIRMWARE_UPDATE, has: [], lacks: ["10", "11", "12", "13", "14"] },
    { definition: FIRMWARE_UPDATE_1_1, has: ["11", "13"], lacks: ["14"] },
  ])("object version $definition.version has what it defines", ({ definition, has, lacks }) => {
    const { pair, server, push, now } = given({ definition });
    for (const id of has) expect(server.read(`/5/0/${id}`).code).toBe("2.05");
    for (const id of lacks) expect(server.read(`/5/0/${id}`).code).toMatch(/^4\.0[45]$/);
    push(IMAGE);
    server.execute("/5/0/2");
    pair.wait(10);
    expect(now()).toBe("0/1");
  });
});

describe("LwM2M Core 1.2.2 §E.6: over a restart", () => {
  test("a pull goes on from the bytes that are staged", () => {
    proves("device", "firmware-resume");
    const before = given();
    before.source.breaks = [3000];
    before.pull(URI);
    const { store, staging } = before;
    const source = new ScriptedSource(IMAGE);
    const after = given({ store, staging, source });
    after.pair.wait(100);
    expect(source.opened).toMatchObject([{ uri: URI, offset: 3000, tag: "v1" }]);
    expect(after.now()).toBe("2/0");
    expect(staging.bytes).toEqual(IMAGE);
    expect(after.server.read("/5/0/1").text).toBe(URI);
  });

  test("what had come whole is not fetched again", () => {
    const before = given();
    before.verification.verdict = undefined;
    before.pull(URI);
    expect(before.now()).toBe("1/0");
    const source = new ScriptedSource(IMAGE);
    const after = given({ store: before.store, staging: before.staging, source });
    after.pair.wait(100);
    expect(after.now()).toBe("2/0");
    expect(source.opened).toEqual([]);
  });

  test("a push does not go on: result 4", () => {
    const before = given();
    firmwareUpdateOf(before.object).beginPackage(5000);
    firmwareUpdateOf(before.object).appendPackage(IMAGE.slice(0, 1000));
    const after = given({ store: before.store, staging: before.staging });
    expect(after.now()).toBe("0/4");
    expect(before.staging.bytes.length).toBe(0);
  });

  test("a package that is there stays, with severity and defer period", () => {
    const before = given();
    before.push(IMAGE);
    before.server.write("/5/0/11", "2", TEXT);
    before.server.write("/5/0/13", "77", TEXT);
    const after = given({ store: before.store, staging: before.staging });
    expect(after.now()).toBe("2/0");
    expect(after.server.read("/5/0/11").text).toBe("2");
    expect(after.server.read("/5/0/13").text).toBe("77");
    expect(after.server.execute("/5/0/2").code).toBe("2.04");
    after.pair.wait(10);
    expect(after.now()).toBe("0/1");
  });

  test.each([
    { outcome: NO_FAULT, shown: "0/1" },
    { outcome: INSTALLATION_FAILED, shown: "2/8" },
    { outcome: undefined, shown: "3/0" },
  ])("an installation that restarted the device is asked what came of it: $shown", ({
    outcome,
    shown,
  }) => {
    proves("device", "firmware-results");
    const before = given();
    before.installer.next = undefined;
    before.push(IMAGE);
    before.server.execute("/5/0/2");
    const installer = new ScriptedInstaller();
    installer.next = outcome;
    const after = given({ store: before.store, staging: before.staging, installer });
    after.pair.wait(10);
    expect(after.now()).toBe(shown);
    expect(installer.installed).toEqual([]);
  });

  test("the result outlives it until something new begins", () => {
    const before = given();
    before.push(IMAGE);
    before.server.execute("/5/0/10");
    expect(given({ store: before.store }).now()).toBe("0/10");
  });

  test("a deferred update is asked for again, for a whole period", () => {
    const settings = { asksUser: true };
    const before = given({ settings });
    before.server.write("/5/0/13", "60", TEXT);
    before.push(IMAGE);
    before.server.execute("/5/0/2");
    const after = given({ settings, store: before.store, staging: before.staging });
    after.pair.wait(59_000);
    expect(after.now()).toBe("2/11");
    after.pair.wait(1000);
    expect(after.now()).toBe("0/1");
  });

  test.each([
    "",
    "{",
    "[]",
    '{"state":7,"result":0,"uri":""}',
    "null",
  ])("a record that is none begins anew: %s", (text) => {
    const store = new MemoryStore();
    store.write("firmware-update", new TextEncoder().encode(text));
    expect(given({ store }).now()).toBe("0/0");
  });
});

describe("LwM2M Core 1.2.2 §E.6: a fleet's devices", () => {
  test("twins share the object until a server does something there, and are updated apart", () => {
    const stagings: MemoryStaging[] = [];
    const kind = firmwareUpdateKind(FIRMWARE_UPDATE_1_1, undefined, () => {
      stagings.push(new MemoryStaging());
      return { staging: stagings[stagings.length - 1], installer: new ScriptedInstaller() };
    });
    const first = new AgentPair({ codecs: ALL_CODECS, objects: [twinOf(kind)] }).started();
    const second = new AgentPair({ codecs: ALL_CODECS, objects: [twinOf(kind)] }).started();
    expect(first.server.read("/5/0/3").text).toBe("0");
    expect(stagings).toEqual([]);
    first.server.write("/5/0/0", IMAGE, OCTET_STREAM);
    expect(stagings.length).toBe(1);
    expect(first.server.read("/5/0/3").text).toBe("2");
    expect(second.server.read("/5/0/3").text).toBe("0");
    expect(second.agent.object(5)?.machine).toBeUndefined();
  });
});
