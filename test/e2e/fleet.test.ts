/** Fleets over real sockets: against our connector in this process, and as the command. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fleetCommand } from "../../bin/fleet.ts";
import { METER } from "../../simulator/profiles/meter.ts";
import { SENSOR } from "../../simulator/profiles/sensor.ts";
import { resolveServer, UdpFleet } from "../../simulator/udp-fleet.ts";
import { LiveConnector } from "../support/live-connector.ts";
import { RunningCommand } from "./support/command.ts";

const SLOW_MACHINE = 90_000;

let connector: LiveConnector;

beforeAll(async () => {
  connector = await LiveConnector.start();
});

afterAll(() => connector.close());

describe("a fleet over UDP", () => {
  let fleet: UdpFleet;

  afterEach(() => fleet.close());

  test(
    "1,000 devices register, are observed, and de-register, without one error",
    async () => {
      const size = 1000;
      const server = await resolveServer(connector.uri);
      fleet = new UdpFleet({ server, size, profile: SENSOR, rate: 0, prefix: "thousand" });
      await fleet.open();
      fleet.start();
      const names = new Set<string>();
      for (let i = 0; i < size; i++) names.add((await connector.registration()).endpointName);
      expect(names.size).toBe(size);

      for (const name of names) {
        expect((await connector.observe(name, "/3303/0/5700")).status).toBe(200);
      }
      // Values change every ten seconds at most; a hundred of a thousand devices need a second.
      for (let i = 0; i < 100; i++) await connector.next("notification");

      await fleet.stop();
      expect(fleet.tally.report(size, 0)).toMatchObject({
        registered: size,
        deregistered: size,
        lost: 0,
        errors: {},
      });
      expect(fleet.tally.counts.requestsAnswered).toBe(size);
      expect(fleet.tally.counts.notifications).toBeGreaterThanOrEqual(100);
    },
    SLOW_MACHINE,
  );

  test("under pressure the server's answers set the pace", async () => {
    const size = 20;
    const server = await resolveServer(connector.uri);
    fleet = new UdpFleet({ server, size, profile: METER, pressure: 5, prefix: "pressed" });
    await fleet.open();
    fleet.start();
    for (let i = 0; i < 200; i++) {
      await connector.next("update", (event) =>
        event.registration.endpointName.startsWith("pressed"),
      );
    }
    await fleet.stop();
    expect(fleet.tally.counts.updates).toBeGreaterThanOrEqual(200);
    expect(fleet.tally.lost()).toBe(0);
  });

  test("a server that is gone: the host says so, and what was asked counts as lost", async () => {
    const gone = await LiveConnector.start();
    const server = await resolveServer(gone.uri);
    fleet = new UdpFleet({ server, size: 3, profile: SENSOR, rate: 0, prefix: "orphan" });
    await fleet.open();
    fleet.start();
    await expect.poll(() => fleet.tally.counts.registered).toBe(3);
    await gone.close();
    const stopped = fleet.stop();
    fleet.abandon();
    await stopped;
    expect(fleet.tally.counts).toMatchObject({ registered: 3, deregistered: 0, unanswered: 3 });
  });
});

describe("resolveServer", () => {
  test("takes an address, a name, a port or none", async () => {
    expect(await resolveServer("coap://127.0.0.1")).toEqual({ address: "127.0.0.1", port: 5683 });
    expect(await resolveServer("coap://[::1]:7000/")).toEqual({ address: "::1", port: 7000 });
    expect((await resolveServer("coap://localhost:7000")).port).toBe(7000);
  });

  test.each([
    ["127.0.0.1:5683", /use coap:\/\/HOST:PORT/],
    ["coap://", /use coap:\/\/HOST:PORT/],
    ["coap://127.0.0.1/rd", /use coap:\/\/HOST:PORT/],
    ["coaps://127.0.0.1", /plain CoAP so far/],
    ["coap+tcp://127.0.0.1", /CoAP over UDP so far/],
  ])("refuses %s and says what to write", async (uri, reason) => {
    await expect(resolveServer(uri)).rejects.toThrow(reason);
  });
});

describe("dormouse fleet", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "dormouse-fleet-"));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test(
    "runs, reports on the terminal and as JSON, and exits 0 when nothing was lost",
    async () => {
      const json = join(folder, "report.json");
      const server = ["--server", connector.uri];
      const size = ["--count", "60", "--duration", "1", "--lifetime", "1"];
      const command = new RunningCommand(["fleet", ...server, ...size, "--json", json]);
      expect(await command.end()).toBe(0);
      expect(command.stdout).toContain("de-registered     60\n");
      expect(command.stderr).toContain("of 60 registered");
      const report = JSON.parse(readFileSync(json, "utf8"));
      expect(Object.keys(report)).toEqual([
        "count",
        "registered",
        "updates",
        "notifications",
        "deregistered",
        "lost",
        "errors",
        "latencyMs",
        "seconds",
      ]);
      expect(report).toMatchObject({ count: 60, registered: 60, deregistered: 60, lost: 0 });
      expect(report.updates).toBeGreaterThan(0);
    },
    SLOW_MACHINE,
  );

  test(
    "in several processes it is one fleet",
    async () => {
      const server = ["--server", connector.uri, "--prefix", "shared"];
      const size = ["--count", "90", "--duration", "0", "--processes", "3"];
      const command = new RunningCommand(["fleet", ...server, ...size]);
      expect(await command.end()).toBe(0);
      expect(command.stdout).toContain("registered        90 of 90\n");
      expect(command.stdout).toContain("de-registered     90\n");
    },
    SLOW_MACHINE,
  );

  test(
    "Ctrl-C de-registers, and the exit code says whether all went well",
    async () => {
      const server = ["--server", connector.uri, "--prefix", "interrupted"];
      const command = new RunningCommand(["fleet", ...server, "--count", "10"]);
      const isOurs = (name: string) => name.startsWith("interrupted");
      for (let i = 0; i < 10; i++) {
        await connector.next("registration", (event) => isOurs(event.registration.endpointName));
      }
      expect(await command.stop("SIGINT")).toBe(0);
      expect(command.stdout).toContain("de-registered     10\n");
      for (let i = 0; i < 10; i++) {
        await connector.next("deregistration", (event) => isOurs(event.endpointName));
      }
    },
    SLOW_MACHINE,
  );

  test(
    "a server that is not there: one line says so, exit 1",
    async () => {
      const server = ["--server", "coap://127.0.0.1:9"];
      const command = new RunningCommand(["fleet", ...server, "--count", "3"]);
      expect(await command.end()).toBe(1);
      expect(command.stderr).toContain("Nothing listens at coap://127.0.0.1:9");
      expect(command.stderr).not.toContain("    at ");
    },
    SLOW_MACHINE,
  );

  test.each([
    ["--server 127.0.0.1 --count 3", "use coap://HOST:PORT"],
    ["--server coap://127.0.0.1 --count 0", "whole number from 1"],
    ["--server coap://127.0.0.1", "--count <n>"],
    [
      "--server coap://127.0.0.1 --count 3 --profile toaster",
      "sensor, meter, sleeper, reporter, mbed",
    ],
    ["--server coap://127.0.0.1 --count 3 --json /nowhere/report.json", "/nowhere/report.json"],
  ])("%s: refused with a reason", async (options, reason) => {
    let said = "";
    const program = new Command().exitOverride().configureOutput({
      writeErr: (text) => {
        said += text;
      },
    });
    fleetCommand(program);
    const run = program.parseAsync(["fleet", ...options.split(" ")], { from: "user" });
    await expect(run).rejects.toMatchObject({ exitCode: 1 });
    expect(said).toContain(reason);
    expect(said.trim().split("\n")).toHaveLength(1);
  });
});
