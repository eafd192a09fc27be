/** What `dormouse conform server` has for Bootstrap-Servers: options, and how whoever configures one is reached. */
import { type Command, Option } from "commander";
import { resolveServer } from "../simulator/udp-fleet.ts";
import { udpBootstrapServerAdapter } from "../test/conformance/adapters/udp-bootstrap-server.ts";
import type {
  BootstrapOperator,
  BootstrapServerAdapter,
} from "../test/conformance/bootstrap-under-test.ts";
import { connectorBootstrapOperator } from "../test/conformance/operators/bootstrap-connector.ts";
import {
  isLeshanBootstrap,
  leshanBootstrapOperator,
} from "../test/conformance/operators/bootstrap-leshan.ts";
import {
  configuredBootstrapOperator,
  manualBootstrapOperator,
} from "../test/conformance/operators/bootstrap-manual.ts";
import type { Question } from "../test/conformance/operators/manual.ts";
import type { ServerAdapter } from "../test/conformance/server-under-test.ts";

export interface BootstrapOptions {
  bootstrap?: string;
  bootstrapRest?: string;
  bootstrapApi?: "device-connector" | "leshan";
  bootstrapConfigured?: boolean;
  rest?: string;
  api?: "device-connector" | "leshan";
  key?: string;
  name?: string;
}

export const BOOTSTRAP_HELP = `
--bootstrap URI has a Bootstrap-Server judged: alone, or with the LwM2M Server that is named
beside it, which has its cases then and one more (5, Server Initiated Bootstrap). What an
endpoint is given is set through a REST API, --bootstrap-rest URL where that is another than
--rest: the connector's administration with --key KEY of somebody who may, or that of Leshan's
demo (--bootstrap-api leshan). Without either a person is asked, and with
--bootstrap-configured nobody: every endpoint is given an account already.
`;

/** Adds the options of Bootstrap-Servers to a command. */
export function addBootstrapOptions(command: Command): Command {
  return command
    .option("--bootstrap <uri>", "a Bootstrap-Server that is judged too, or alone")
    .option("--bootstrap-rest <url>", "where it is configured, if not at --rest")
    .addOption(
      new Option("--bootstrap-api <kind>", "whose form that has, if not that of --api").choices([
        "device-connector",
        "leshan",
      ]),
    )
    .option("--bootstrap-configured", "it has an account for every endpoint already");
}

/**
 * The Bootstrap-Server that the options name, undefined when they name none.
 *
 * @param lwm2m the server beside it
 * @throws Error fit for the user
 */
export async function bootstrapServerOf(
  options: BootstrapOptions,
  lwm2m: ServerAdapter | undefined,
  ask: Question,
): Promise<{ adapter: BootstrapServerAdapter; operator: BootstrapOperator } | undefined> {
  const { bootstrap: uri } = options;
  if (uri === undefined) {
    const stray = strayOption(options);
    if (stray !== undefined) throw new Error(`${stray} needs --bootstrap URI.`);
    return undefined;
  }
  const { address: host, port } = await resolveServer(uri);
  const operator = await operatorOf(options, ask);
  const name = options.name ?? uri;
  const adapter = udpBootstrapServerAdapter({ name, host, port, bootstrap: operator, lwm2m });
  return { adapter, operator };
}

function strayOption(options: BootstrapOptions): string | undefined {
  if (options.bootstrapRest !== undefined) return "--bootstrap-rest";
  if (options.bootstrapApi !== undefined) return "--bootstrap-api";
  return options.bootstrapConfigured === true ? "--bootstrap-configured" : undefined;
}

async function operatorOf(options: BootstrapOptions, ask: Question): Promise<BootstrapOperator> {
  const { key, bootstrapConfigured, bootstrapRest } = options;
  if (bootstrapConfigured === true) {
    if (bootstrapRest === undefined) return configuredBootstrapOperator();
    throw new Error("--bootstrap-configured and --bootstrap-rest exclude each other.");
  }
  const rest = bootstrapRest ?? options.rest;
  if (rest === undefined) return manualBootstrapOperator(ask, process.stdin.isTTY === true);
  const api = options.bootstrapApi ?? options.api;
  const isTold = api !== undefined || key !== undefined;
  const isLeshan = api === "leshan" || (!isTold && (await isLeshanBootstrap(rest)));
  if (isLeshan) return leshanBootstrapOperator(rest, key);
  if (key !== undefined) return connectorBootstrapOperator(rest, key);
  throw new Error(`${rest} needs an access key: --key KEY, or DORMOUSE_KEY.`);
}
