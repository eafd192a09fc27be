/** The original's npm client, `mbed-connector-api` 3.0.0, with the little of its API that the tests use. */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";

export interface MbedClient extends EventEmitter {
  getApiVersions(): Promise<string[]>;
  getLimits(): Promise<Record<string, number>>;
  getEndpoints(options?: object): Promise<{ name: string; type: string; q?: boolean }[]>;
  getResources(
    endpoint: string,
  ): Promise<{ uri: string; rt: string; obs: boolean; type: string }[]>;
  getResourceValue(endpoint: string, path: string, options?: object): Promise<string>;
  putResourceValue(endpoint: string, path: string, value: unknown, options?: object): Promise<void>;
  postResource(endpoint: string, path: string, value: unknown): Promise<void>;
  deleteEndpoint(endpoint: string): Promise<void>;
  startLongPolling(): Promise<void>;
  stopLongPolling(): void;
  getCallback(): Promise<{ url: string; headers?: Record<string, string> }>;
  putCallback(callback: { url: string; headers?: Record<string, string> }): Promise<void>;
  deleteCallback(): Promise<void>;
  getResourceSubscription(endpoint: string, path: string): Promise<boolean>;
  putResourceSubscription(endpoint: string, path: string): Promise<void>;
  deleteResourceSubscription(endpoint: string, path: string): Promise<void>;
  getEndpointSubscriptions(endpoint: string): Promise<string[]>;
  deleteEndpointSubscriptions(endpoint: string): Promise<void>;
  deleteAllSubscriptions(): Promise<void>;
  getPreSubscription(): Promise<object[]>;
  putPreSubscription(rules: object[]): Promise<void>;
  handleNotifications(message: object): void;
}

/** A resource notification as the client emits it, payload decoded. */
export interface Notification {
  readonly ep: string;
  readonly path: string;
  readonly payload: string;
}

const require = createRequire(import.meta.url);

/** How the client identifies itself; by name in the way of before there were access keys. */
export type MbedCredential =
  | string
  | { readonly domain: string; readonly username: string; readonly password: string };

/** Loads the client; Node 23 has lost a function of `util` that it calls. */
export function mbedClient(host: string, credential: MbedCredential, more = {}): MbedClient {
  const util = require("node:util") as { isString?: (value: unknown) => boolean };
  util.isString ??= (value) => typeof value === "string";
  const Client = require("mbed-connector-api") as new (options: object) => MbedClient;
  const identity = typeof credential === "string" ? { accessKey: credential } : credential;
  return new Client({ host, ...identity, ...more });
}
