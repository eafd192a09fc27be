/** `dormouse connector` and no other command, for connector-process.ts to make one file of. */
import { Command } from "commander";
import { connectorCommand } from "../../bin/connector.ts";

const program = new Command("dormouse");
connectorCommand(program);
await program.parseAsync();
