import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../firmware/agent/all-codecs.ts";
import { PACKAGE_CLAIMS } from "../../../../firmware/agent/management/package-uploads.ts";
import {
  addSoftware,
  softwareManagementObject,
} from "../../../../firmware/objects/software-management.ts";
import { INSTALLATION_FAILED, NO_FAULT } from "../../../../firmware/update/ports.ts";
import { OCTET_STREAM, TEXT } from "../../../../protocol/coap/content-formats.ts";
import { AgentPair } from "../../../support/agent-pair.ts";
import { coapSettings, countingRandom } from "../../../support/coap-pair.ts";
import { proves } from "../../../support/proves.ts";
import {
  MemoryStaging,
  MemoryStore,
  packageOf,
  ScriptedInstaller,
  ScriptedSource,
  ScriptedVerification,
} from "../../../support/update-ports.ts";

const PACKAGE = packageOf(4000);
const URI = "coap://files.test/app";

/** @param installs what installations end with; undefined for not yet */
function given(
  store = new MemoryStore(),
  staging = new MemoryStaging(6000),
  installs: { readonly ends: number | undefined } = { ends: NO_FAULT },
) {
  const installer = new ScriptedInstaller();
  installer.next = installs.ends;
  const verification = new ScriptedVerification();
  verification.verdict = { fault: 0, name: "app", version: "3" };
  const source = new ScriptedSource(PACKAGE);
  const control = {
    calls: [] as string[],
    works: true,
    uninstall: (id: number) => {
      control.calls.push(`uninstall ${id}`);
      return control.works;
    },
    activate: (id: number, isActive: boolean) => {
      control.calls.push(`${isActive ? "activate" : "deactivate"} ${id}`);
      return control.works;
    },
  };
  const object = softwareManagementObject(() => ({
    staging,
    store,
    installer,
    verification,
    sources: [source],
    control,
  }));
  addSoftware(object, 1);
  const settings = coapSettings({ random: countingRandom(1), inPieces: PACKAGE_CLAIMS });
  const pair = new AgentPair({ codecs: ALL_CODECS, objects: [object], settings }).started();
  const { server } = pair;
  return {
    pair,
    server,
    staging,
    store,
    installer,
    verification,
    source,
    control,
    /** State, result, activation: "4 2 0". */
    now: () => [7, 9, 12].map((id) => server.read(`/9/1/${id}`).text).join(" "),
    push: (bytes = PACKAGE) => server.write("/9/1/2", bytes, OCTET_STREAM).code,
    pull: (uri = URI) => server.write("/9/1/3", uri, TEXT).code,
    run: (id: number, text?: string) => {
      const { code } = server.execute(`/9/1/${id}`, text);
      pair.wait(10);
      return code;
    },
  };
}

describe("LwM2M Software Management 1.0: object 9", () => {
  test("pushed in blocks, installed, activated, deactivated, uninstalled", () => {
    proves("device", "software-management");
    const { now, push, run, control, installer, server } = given();
    expect(now()).toBe("0 0 0");
    expect(push()).toBe("2.04");
    expect(now()).toBe("3 3 0");
    expect(server.read("/9/1/0").text).toBe("app");
    expect(server.read("/9/1/1").text).toBe("3");
    expect(run(4)).toBe("2.04");
    expect(installer.installed).toEqual([PACKAGE]);
    expect(now()).toBe("4 2 0");
    expect(run(10)).toBe("2.04");
    expect(now()).toBe("4 2 1");
    expect(run(11)).toBe("2.04");
    expect(now()).toBe("4 2 0");
    expect(run(6)).toBe("2.04");
    expect(now()).toBe("0 0 0");
    expect(server.read("/9/1/0").text).toBe("");
    expect(control.calls).toEqual(["activate 1", "deactivate 1", "uninstall 1"]);
  });

  test("pulled: observers hear of 1, 2 and 3", () => {
    proves("device", "software-management");
    const { pair, server, pull, source, verification, now } = given();
    source.breaks = [1000];
    verification.verdict = undefined;
    server.observe("/9/1/7");
    pull();
    pair.wait(11_000);
    verification.verdict = { fault: 0 };
    pair.wait(1000);
    expect(server.notes().map((note) => note.split(" ")[1])).toEqual(["1", "2", "3"]);
    expect(now()).toBe("3 3 0");
  });

  test.each([
    {
      why: "storage",
      result: 50,
      spoil: (it: ReturnType<typeof given>) => it.push(packageOf(7000)),
    },
    {
      why: "memory",
      result: 51,
      spoil: (it: ReturnType<typeof given>) => {
        it.staging.append = () => 3;
        it.pull();
      },
    },
    {
      why: "a lost connection",
      result: 52,
      spoil: (it: ReturnType<typeof given>) => {
        it.source.breaks = [10, 0, 0, 0];
        it.pull();
        it.pair.wait(100_000);
      },
    },
    {
      why: "a broken package",
      result: 53,
      spoil: (it: ReturnType<typeof given>) => {
        it.verification.verdict = { fault: 5 };
        it.push();
      },
    },
    {
      why: "another type of package",
      result: 54,
      spoil: (it: ReturnType<typeof given>) => {
        it.verification.verdict = { fault: 6 };
        it.push();
      },
    },
    { why: "a bad URI", result: 56, spoil: (it: ReturnType<typeof given>) => it.pull("nonsense") },
    {
      why: "a protocol without support",
      result: 56,
      spoil: (it: ReturnType<typeof given>) => it.pull("ftp://h/x"),
    },
  ])("$why is result $result, and the state is Initial", ({ result, spoil }) => {
    proves("device", "software-management");
    const it = given();
    spoil(it);
    expect(it.now()).toBe(`0 ${result} 0`);
    expect(it.staging.bytes.length).toBe(0);
  });

  test("an installation that fails leaves the package: Delivered, 58; it can be tried again", () => {
    proves("device", "software-management");
    const { now, push, run, installer } = given();
    installer.next = 8;
    push();
    run(4);
    expect(now()).toBe("3 58 0");
    installer.next = 0;
    run(4);
    expect(now()).toBe("4 2 0");
  });

  test("software that cannot be removed stays: Installed, 59", () => {
    const { now, push, run, control } = given();
    push();
    run(4);
    control.works = false;
    expect(run(6)).toBe("2.04");
    expect(now()).toBe("4 59 0");
    expect(run(10)).toBe("2.04");
    expect(now()).toBe("4 57 0");
  });

  test("Uninstall for update (argument 1) removes nothing, and takes the next package", () => {
    proves("device", "software-management");
    const { now, push, run, control, server } = given();
    push();
    run(4);
    run(10);
    expect(run(6, "0='1'")).toBe("2.04");
    expect(now()).toBe("0 0 0");
    expect(control.calls).toEqual(["activate 1"]);
    expect(server.read("/9/1/1").text).toBe("3");
    expect(push()).toBe("2.04");
    run(4);
    expect(now()).toBe("4 2 0");
    expect(run(6, "0='2'")).toBe("4.00");
    expect(run(6, "0='1',1='1'")).toBe("4.00");
  });

  test.each([
    { state: "0", refused: [4, 6, 10, 11], writes: "2.04" },
    { state: "3", refused: [10, 11], writes: "4.05" },
    { state: "4", refused: [4], writes: "4.05" },
  ])("in state $state the resources $refused are 4.05", ({ state, refused, writes }) => {
    proves("device", "software-management");
    for (const id of refused) {
      const it = given();
      if (state !== "0") it.push();
      if (state === "4") it.run(4);
      expect(it.now().charAt(0)).toBe(state);
      expect(it.run(id)).toBe("4.05");
    }
    const it = given();
    if (state !== "0") it.push();
    if (state === "4") it.run(4);
    expect(it.push(packageOf(2000))).toBe(writes);
  });

  test("a restart keeps what is delivered or installed; what was on its way is lost", () => {
    const before = given();
    before.push();
    expect(given(before.store, before.staging).now()).toBe("3 3 0");
    before.run(4);
    before.run(10);
    const after = given(before.store, before.staging);
    expect(after.now()).toBe("4 2 1");
    expect(after.server.read("/9/1/1").text).toBe("3");
    const broken = given();
    broken.source.breaks = [100];
    broken.pull();
    expect(given(broken.store, broken.staging).now()).toBe("0 52 0");
  });

  test.each([
    ["succeeded", NO_FAULT, "4 2 0"],
    ["failed", INSTALLATION_FAILED, "3 58 0"],
  ])("an installation that a restart broke is asked for its outcome: it %s", (_what, outcome, shown) => {
    const before = given();
    before.push();
    before.installer.next = undefined;
    before.run(4);
    expect(before.now()).toBe("3 3 0");
    const after = given(before.store, before.staging, { ends: undefined });
    // Nobody may install or remove meanwhile.
    expect(after.server.execute("/9/1/4").code).toBe("4.05");
    expect(after.server.execute("/9/1/6").code).toBe("4.05");
    after.installer.next = outcome;
    after.pair.wait(2000);
    expect(after.now()).toBe(shown);
    expect(after.installer.installed).toEqual([]);
    expect(given(after.store, after.staging).now()).toBe(shown);
  });

  test("name and password go with a pull, and cannot be read", () => {
    const { server, pull, source } = given();
    server.write("/9/1/14", "me", TEXT);
    server.write("/9/1/15", "secret", TEXT);
    expect(server.read("/9/1/15").code).toBe("4.05");
    expect(server.read("/9/1/3").code).toBe("4.05");
    pull();
    expect(source.opened[0].credentials).toEqual({ user: "me", password: "secret" });
  });
});
