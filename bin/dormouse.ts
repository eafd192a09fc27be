#!/usr/bin/env node
/** The command `dormouse`. Each subcommand is a file beside this one, loaded only when it is asked for. */
import { createRequire } from "node:module";
import { Command } from "commander";

type AddCommand = (program: Command) => void;

/** In the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  start: async () => (await import("./start.ts")).startCommand,
  connector: async () => (await import("./connector.ts")).connectorCommand,
  admin: async () => (await import("./admin.ts")).adminCommand,
  store: async () => (await import("./store.ts")).storeCommand,
  device: async () => (await import("./device.ts")).deviceCommand,
  gateway: async () => (await import("./gateway.ts")).gatewayCommand,
  fleet: async () => (await import("./fleet.ts")).fleetCommand,
  conform: async () => (await import("./conform.ts")).conformCommand,
  boards: async () => (await import("./build.ts")).boardsCommand,
  build: async () => (await import("./build.ts")).buildCommand,
  flash: async () => (await import("./flash.ts")).flashCommand,
  console: async () => (await import("./console.ts")).consoleCommand,
  package: async () => (await import("./package.ts")).packageCommand,
};

const require = createRequire(import.meta.url);
const { version } = require("dormouse-lwm2m/package.json") as { version: string };

const program = new Command("dormouse")
  .description("LwM2M for devices that sleep: a device, a fleet of them, and what they talk to")
  .version(version)
  .showHelpAfterError(
    "(dormouse --help lists the commands, dormouse COMMAND --help their options)",
  );

const asked = process.argv[2];
const names = asked !== undefined && asked in COMMANDS ? [asked] : Object.keys(COMMANDS);
for (const name of names) (await COMMANDS[name]())(program);

await program.parseAsync();
