/** An agent with a bootstrap account and its scripted bootstrap server. */
import type { AgentConfiguration } from "../../firmware/agent/agent.ts";
import type { BootstrapAccount } from "../../firmware/agent/bootstrap/bootstrap-account.ts";
import { LwM2mObject } from "../../firmware/objects/lwm2m-object.ts";
import { DELETE, GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { LINK_FORMAT, TLV } from "../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { DEVICE_1_2 } from "../../protocol/model/objects/device-1-2.ts";
import { encodeValues } from "../conformance/content.ts";
import { AgentPair, type Answer, type PairOptions, type ScriptedServer } from "./agent-pair.ts";

export const BOOTSTRAP_URI = "coap://bootstrap.test";

export type Values = Readonly<Record<string, Value>>;

/** The values of one account. */
export function accountOf(
  uri: string,
  shortServerId = 1,
  { securityId = 0, serverId = 0, lifetime = 600 } = {},
): { readonly security: Values; readonly server: Values } {
  const at = `/0/${securityId}`;
  return {
    security: {
      [`${at}/0`]: uri,
      [`${at}/1`]: false,
      [`${at}/2`]: 3,
      [`${at}/3`]: NO_BYTES,
      [`${at}/4`]: NO_BYTES,
      [`${at}/5`]: NO_BYTES,
      [`${at}/10`]: shortServerId,
    },
    server: {
      [`/1/${serverId}/0`]: shortServerId,
      [`/1/${serverId}/1`]: lifetime,
      [`/1/${serverId}/6`]: false,
      [`/1/${serverId}/7`]: "U",
    },
  };
}

export class BootstrapPair extends AgentPair {
  /** The first link's of the bootstrap account. */
  readonly bootstrapServer: ScriptedServer;

  constructor(
    configuration: Partial<AgentConfiguration> = {},
    options: PairOptions = {},
    account: Partial<BootstrapAccount> = {},
  ) {
    const device = new LwM2mObject(DEVICE_1_2);
    device.create(0, { 0: "Acme", 11: [0], 16: "U" });
    // As in ETS C.13, where the first server is to be /0/0.
    const instanceId = options.servers === undefined ? 1 : undefined;
    super(
      { objects: [device], ...configuration },
      { servers: 0, bootstrap: { uri: BOOTSTRAP_URI, instanceId, ...account }, ...options },
    );
    this.bootstrapServer = this.servers.filter(({ link }) => link.uri === BOOTSTRAP_URI)[0];
  }

  /** Bootstrap-Write. */
  put(path: string, values: Values, format = TLV): string {
    const payload = encodeValues(format, path, values);
    return this.bootstrapServer.ask(PUT, path, { payload, format }).code;
  }

  /** Writes an account whole, object by object. */
  putAccount(uri: string, shortServerId = 1, where = {}): void {
    const { security, server } = accountOf(uri, shortServerId, where);
    this.put("/0", security);
    this.put("/1", server);
  }

  delete(path: string): string {
    return this.bootstrapServer.ask(DELETE, path).code;
  }

  discover(path = "/"): Answer {
    return this.bootstrapServer.ask(GET, path, { accept: LINK_FORMAT });
  }

  finish(): Answer {
    return this.bootstrapServer.ask(POST, "/bs");
  }

  /** Everything that an account at this address was sent for registration, over all its links. */
  registrationsAt(uri: string): string[] {
    return this.servers
      .filter(({ link }) => link.uri === uri)
      .flatMap(({ registrations }) => registrations);
  }
}
