/** Our connector as the suites run it: on a store in a folder of its own, both sides on 127.0.0.1. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeviceConnector,
  type DeviceConnectorSettings,
} from "../../../connector/device-connector.ts";
import { LmdbStore } from "../../../connector/store/lmdb-store.ts";
import { RestClient } from "./rest-client.ts";

export class RunningConnector {
  private readonly folder: string;
  private connector: DeviceConnector;
  private readonly accessKey: string;
  private readonly more: Partial<DeviceConnectorSettings>;
  rest: RestClient;

  private constructor(
    folder: string,
    connector: DeviceConnector,
    accessKey: string,
    rest: RestClient,
    more: Partial<DeviceConnectorSettings>,
  ) {
    this.more = more;
    this.folder = folder;
    this.connector = connector;
    this.accessKey = accessKey;
    this.rest = rest;
  }

  /** Starts it on free ports, with an application that has a key and a notification channel. */
  static async start(more: Partial<DeviceConnectorSettings> = {}): Promise<RunningConnector> {
    const folder = await mkdtemp(join(tmpdir(), "dormouse-interop-"));
    const connector = await startOn(folder, 0, 0, more);
    const created = connector.access.createFirstKey("interop");
    const rest = await RestClient.open(connector.httpUrl, created.key);
    return new RunningConnector(folder, connector, created.key, rest, more);
  }

  get coapUrl(): string {
    return this.connector.coapUrl;
  }

  /** @throws when it was started without `coapTcpPort` */
  get coapTcpUrl(): string {
    const { coapTcpUrl } = this.connector;
    if (coapTcpUrl === undefined) throw new Error("no port for TCP was asked for");
    return coapTcpUrl;
  }

  /** Ends it and starts another one on the same store and ports. */
  async restart(): Promise<void> {
    const { httpUrl, coapUrl } = this.connector;
    await this.rest.close();
    await this.connector.close();
    const [httpPort, coapPort] = [httpUrl, coapUrl].map((url) => Number(new URL(url).port));
    this.connector = await startOn(this.folder, httpPort, coapPort, this.more);
    this.rest = await RestClient.open(httpUrl, this.accessKey);
  }

  async close(): Promise<void> {
    await this.rest.close();
    await this.connector.close();
    await rm(this.folder, { recursive: true });
  }
}

function startOn(
  folder: string,
  httpPort: number,
  coapPort: number,
  more: Partial<DeviceConnectorSettings>,
): Promise<DeviceConnector> {
  return DeviceConnector.start({
    ...more,
    store: new LmdbStore(folder),
    host: "127.0.0.1",
    httpPort,
    coapPort,
    product: "interop",
    log: (line) => console.log(line),
  });
}
