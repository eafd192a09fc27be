/** The REST API over fake devices: requests by `fetch`, time by hand, no socket. */
import { Access } from "../../../../connector/access/access.ts";
import type { Mail } from "../../../../connector/access/mail.ts";
import { ServerSecret } from "../../../../connector/access/server-secret.ts";
import { TokenKeys } from "../../../../connector/access/token-keys.ts";
import { ADMINISTRATOR } from "../../../../connector/access/users.ts";
import { BootstrapSide } from "../../../../connector/bootstrap/bootstrap-side.ts";
import { DeviceCertificates } from "../../../../connector/certificates/device-certificates.ts";
import { MemorySecrets, type Secrets } from "../../../../connector/certificates/secrets.ts";
import type { ConnectorEvent } from "../../../../connector/contract.ts";
import { Inventory } from "../../../../connector/inventory/inventory.ts";
import type { Callback } from "../../../../connector/notifications/callback.ts";
import type { RestApp, RestEnv, RestHost } from "../../../../connector/rest/context.ts";
import {
  CUSTOMER_DEFAULTS,
  type CustomerSettings,
  CustomerSide,
} from "../../../../connector/rest/customers/customer-side.ts";
import {
  Gateway,
  type GatewaySettings,
} from "../../../../connector/rest/device-connector/gateway.ts";
import {
  type HttpExchange,
  NotificationDriver,
} from "../../../../connector/rest/device-connector/notification-driver.ts";
import { LeshanSide } from "../../../../connector/rest/leshan/leshan-side.ts";
import { createRestApi } from "../../../../connector/rest/rest-api.ts";
import type { RouteFamily } from "../../../../connector/rest/route.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { FakeDevices } from "./fake-devices.ts";

/** A key pair takes a while to make: one for all benches. */
export const TOKEN_KEYS = new TokenKeys(new MemorySecrets());

/** One exchange whose end the test decides. */
export class FakeExchange implements HttpExchange {
  private readonly listeners: ((written: boolean) => void)[] = [];

  onEnd(listener: (written: boolean) => void): void {
    this.listeners.push(listener);
  }

  end(written: boolean): void {
    for (const listener of this.listeners.splice(0)) listener(written);
  }
}

export class RestBench {
  now = 0;
  readonly store: MemoryStore;
  readonly devices: FakeDevices;
  readonly gateway: Gateway;
  readonly access: Access;
  readonly certificates: DeviceCertificates;
  readonly inventory: Inventory;
  readonly secrets: Secrets;
  readonly driver: NotificationDriver;
  readonly customerSide: CustomerSide;
  readonly leshan: LeshanSide;
  readonly bootstrap: BootstrapSide;
  /** To be changed by tests of other settings. */
  readonly customerSettings: {
    -readonly [name in keyof CustomerSettings]: CustomerSettings[name];
  } = {
    ...CUSTOMER_DEFAULTS,
    publicUrl: () => "http://connector.test",
    outbox: { deliver: (mail) => Promise.resolve(void this.mails.push(mail)) },
  };
  readonly mails: Mail[] = [];
  /** What was logged for the operator. */
  readonly lines: string[] = [];
  /** What is to be called later: how long after, and what. */
  readonly alarms: { delay: number; action: () => void }[] = [];
  readonly host: RestHost;
  private builtApp: RestApp | undefined;
  readonly key: string;
  /** What is PUT to callbacks, and whether they take it. */
  readonly carried: { callback: Callback; body: string }[] = [];
  callbackTakes = true;
  probeRefusal: string | undefined;
  commits = 0;

  constructor(
    devices = new FakeDevices(),
    store = new MemoryStore(),
    quotas = { transactions: 10_000, endpoints: 100 },
    more: Partial<GatewaySettings> & { readonly opensLeshanApi?: boolean } = {},
  ) {
    this.devices = devices;
    this.store = store;
    this.access = new Access({
      store,
      secret: new ServerSecret(new Uint8Array(32)),
      calendarNow: () => this.now,
      tokenKeys: TOKEN_KEYS,
      passwordCost: { logN: 4, p: 1 },
    });
    this.secrets = new MemorySecrets();
    this.certificates = new DeviceCertificates({
      secrets: this.secrets,
      table: store.table("certificates"),
      calendarNow: () => Date.UTC(2026, 5, 1) + this.now,
      limits: { perDay: 3, total: 5 },
    });
    this.inventory = new Inventory(store, this.access.devices, (endpointName) =>
      devices.registration(endpointName),
    );
    this.key = this.newKey();
    this.gateway = new Gateway(this.now, this.now, {
      store,
      devices,
      audience: this.access,
      quotas,
      ...more,
    });
    devices.onDeregister = (endpointName) => this.handle({ kind: "deregistration", endpointName });
    this.driver = new NotificationDriver(
      this.gateway.channels,
      () => this.now,
      (callback, body) => {
        this.carried.push({ callback, body });
        return Promise.resolve(this.callbackTakes);
      },
    );
    this.customerSide = new CustomerSide({
      access: this.access,
      gateway: this.gateway,
      devices,
      store,
      now: () => this.now,
      log: (line) => this.lines.push(line),
      settings: this.customerSettings,
      later: (delay, action) => {
        const alarm = { delay, action };
        this.alarms.push(alarm);
        return () => this.alarms.splice(this.alarms.indexOf(alarm), 1);
      },
    });
    this.leshan = new LeshanSide({
      access: this.access,
      devices,
      now: () => this.now,
      isOpen: more.opensLeshanApi === true,
    });
    this.bootstrap = new BootstrapSide(
      {
        store,
        secret: this.access.secret,
        devices: this.access.devices,
        calendarNow: () => this.now,
      },
      true,
    );
    this.bootstrap.connect({ devices, push: (endpointName) => devices.push(endpointName) });
    this.host = {
      gateway: this.gateway,
      access: this.access,
      certificates: this.certificates,
      inventory: this.inventory,
      driver: this.driver,
      customerSide: this.customerSide,
      leshan: this.leshan,
      bootstrap: this.bootstrap,
      product: "Dormouse test",
      requestExpiry: 1000,
      now: () => this.now,
      commit: () => {
        this.commits++;
        return store.commit();
      },
      log: (line) => this.lines.push(line),
      probe: () => Promise.resolve(this.probeRefusal),
    };
  }

  /** Built when it is asked for first: that takes longer than all the rest. */
  get app(): RestApp {
    this.builtApp ??= createRestApi(this.host);
    return this.builtApp;
  }

  /** Answers by these families alone from now on. */
  serveOnly(families: RouteFamily[]): void {
    this.builtApp = createRestApi(this.host, families);
  }

  newKey(): string {
    const owner = { domainId: ADMINISTRATOR.domainId, ownerId: ADMINISTRATOR.id };
    return this.access.keys.create(owner, undefined, 0).key;
  }

  /** Sends a request; its answer counts as written when `fetch` resolves, unless an exchange is given. */
  async fetch(
    method: string,
    path: string,
    more: {
      readonly body?: string;
      readonly headers?: Record<string, string>;
      /** "" sends no Authorization header. */
      readonly key?: string;
      readonly exchange?: FakeExchange;
      readonly address?: string;
      readonly upgrade?: RestEnv["Bindings"]["upgrade"];
    } = {},
  ): Promise<Response> {
    const exchange = more.exchange ?? new FakeExchange();
    const authorization = `Bearer ${more.key ?? this.key}`;
    const headers: Record<string, string> = {
      ...(more.key === "" ? {} : { authorization }),
      ...more.headers,
    };
    if (more.body !== undefined) headers["content-length"] = `${Buffer.byteLength(more.body)}`;
    const request = new Request(`http://connector.test${path}`, {
      method,
      headers,
      body: more.body === undefined ? null : Buffer.from(more.body),
    });
    const { address = "192.0.2.1", upgrade } = more;
    const response = await this.app.fetch(request, {
      exchange,
      address,
      ...(upgrade && { upgrade }),
    });
    if (more.exchange === undefined) exchange.end(true);
    return response;
  }

  /** The status and the body's text. */
  async ask(
    method: string,
    path: string,
    more: Parameters<RestBench["fetch"]>[2] = {},
  ): Promise<[status: number, text: string]> {
    const response = await this.fetch(method, path, more);
    return [response.status, await response.text()];
  }

  /** Opens the pull channel. */
  async openChannel(key = this.key): Promise<void> {
    await this.fetch("GET", "/v2/notification/pull?noWait=true", { key });
  }

  /** What the channel has to tell now. */
  async pull(key = this.key): Promise<Record<string, unknown[]>> {
    // Past the head start of every 202.
    this.now += 25;
    const response = await this.fetch("GET", "/v2/notification/pull?noWait=true", { key });
    return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown[]>);
  }

  /** Sends a request that is accepted, and returns its id. */
  async accepted(
    method: string,
    path: string,
    more: Parameters<RestBench["fetch"]>[2] = {},
  ): Promise<string> {
    const [status, text] = await this.ask(method, path, more);
    if (status !== 202) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text)["async-response-id"];
  }

  handle(event: ConnectorEvent): void {
    this.gateway.handleEvent(this.now, event);
    this.inventory.handleEvent(event);
    this.customerSide.handleEvent(event);
    this.leshan.handleEvent(event);
    this.bootstrap.handleEvent(event);
  }
}
