/**
 * The Device Connector whole: devices over CoAP on one side, applications over HTTP on the other, one store beneath both.
 *
 *   UDP, TCP -> ConnectorService -> Gateway -> channels -> NotificationDriver -> long polls, callbacks
 *   HTTP -> routes -> Gateway -> ConnectorService -> UDP, TCP
 */
import { GET } from "../protocol/coap/codes.ts";
import { HOUR, MINUTE, type Milliseconds } from "../protocol/time/duration.ts";
import { Access } from "./access/access.ts";
import { DEFAULT_DOMAIN } from "./access/model.ts";
import { serverSecret } from "./access/secret-file.ts";
import { TokenKeys } from "./access/token-keys.ts";
import { systemRandom } from "./adapters/entropy.ts";
import { CallbackClient } from "./adapters/http-callback.ts";
import { HttpSide, type HttpsPort } from "./adapters/http-side.ts";
import { serverNames, TlsFiles } from "./adapters/tls-credentials.ts";
import { BOOTSTRAP_DEFAULTS } from "./bootstrap/bootstrap-server.ts";
import { BootstrapSide } from "./bootstrap/bootstrap-side.ts";
import type { BootstrapFileDocument } from "./bootstrap/document.ts";
import { DeviceCertificates } from "./certificates/device-certificates.ts";
import type { Curve } from "./certificates/public-key.ts";
import { MemorySecrets, SecretFolder, type Secrets } from "./certificates/secrets.ts";
import { ServerCertificate } from "./certificates/server-certificate.ts";
import type { ConnectorEvent } from "./contract.ts";
import { DEVICE_PATH } from "./inventory/identities.ts";
import { Inventory } from "./inventory/inventory.ts";
import type { Registration } from "./registry/registration.ts";
import type { NamedParameters } from "./registry/registry.ts";
import {
  CUSTOMER_DEFAULTS,
  type CustomerSettings,
  CustomerSide,
} from "./rest/customers/customer-side.ts";
import { Gateway } from "./rest/device-connector/gateway.ts";
import { NotificationDriver } from "./rest/device-connector/notification-driver.ts";
import { type Quotas, UNLIMITED } from "./rest/device-connector/traffic-meter.ts";
import { LeshanSide } from "./rest/leshan/leshan-side.ts";
import { isLoopback } from "./rest/leshan/open-access.ts";
import { type RequestRateSettings, RequestRates } from "./rest/request-rates.ts";
import { createRestApi } from "./rest/rest-api.ts";
import { ConnectorService } from "./service.ts";
import { type ConnectorSettings, defaultSettings } from "./settings.ts";
import type { Store } from "./store/store.ts";

/** The REST API over HTTPS. */
export interface HttpsSettings {
  /** 0 takes any free port. */
  readonly port: number;
  /** A certificate and its key, PEM files; without them the connector's own authority certifies it. */
  readonly files?: { readonly cert: string; readonly key: string };
  /** HTTP answers 301 to the same on HTTPS, and nothing else. */
  readonly redirectHttp?: boolean;
}

/** The Bootstrap-Server, on the port for devices. */
export interface BootstrapServing {
  /** One more port, for bootstrap alone; 0 takes any free one. */
  readonly port?: number | undefined;
  /** Who has no configuration gets no answer, instead of 4.00. */
  readonly isSilent?: boolean;
}

export interface DeviceConnectorSettings {
  /** The connector's from then on: it closes it, also when it cannot start. */
  readonly store: Store;
  /** Where the secrets are kept that must not lie with the data; without it they last as long as the process. */
  readonly secretsFolder?: string;
  /** An address of this machine, numbers and no name, for both sides. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly httpPort: number;
  /** Without it there is HTTP alone. */
  readonly https?: HttpsSettings | undefined;
  readonly coapPort: number;
  /** For devices over TCP (RFC 8323); 0 takes any free one. Absent: they are not served. */
  readonly coapTcpPort?: number | undefined;
  /** The curves of public keys that certificates are issued for; P-256 alone when absent. */
  readonly curves?: readonly Curve[];
  /** CIDR ranges that callbacks may go to although they are not public. */
  readonly allowedCallbacks?: readonly string[];
  /** Name and version, shown at `/`. */
  readonly product: string;
  /** Takes one line for the operator. */
  readonly log: (line: string) => void;
  /** For each domain; unlimited when absent. */
  readonly quotas?: Partial<Quotas>;
  /** Requests a second; `DEFAULT_REQUEST_RATES` when absent. */
  readonly requestRates?: RequestRateSettings;
  /** `original`: individual subscriptions end when their device registers anew, as mbed Device Connector had it. */
  readonly subscriptions?: "kept" | "original";
  /** How customers register and where their mail goes; what is left out is as in `CUSTOMER_DEFAULTS`. */
  readonly customers?: Partial<Omit<CustomerSettings, "publicUrl">> & {
    /** Where customers reach this connector; without it where it listens. */
    readonly publicUrl?: string | undefined;
  };
  /**
   * Lets programs on this machine use the face of the Leshan demo server without a credential. Refused with `connector/open-to-others`
   * where `host` is not of this machine alone.
   */
  readonly opensLeshanApi?: boolean | undefined;
  /** Reads object 3 of each new LwM2M device once, for its manufacturer and serial number in the inventory. Not done unless told. */
  readonly identifiesDevices?: boolean;
  /** Makes the connector a Bootstrap-Server; absent, its configurations can be written and nobody is served. */
  readonly bootstrap?: BootstrapServing | undefined;
  /** The core's settings, instead of its defaults. */
  readonly connector?: ConnectorSettings;
}

/** How long the question what a device is may wait for it: it is awake when it is asked. */
const IDENTITY_EXPIRY: Milliseconds = MINUTE;
/** How long a request may wait for a device that sleeps. */
const REQUEST_EXPIRY: Milliseconds = 24 * HOUR;
const RECHECK_INTERVAL: Milliseconds = HOUR;

export class DeviceConnector {
  readonly access: Access;
  private readonly inventory: Inventory;
  readonly certificates: DeviceCertificates;
  readonly bootstrap: BootstrapSide;
  private readonly secrets: Secrets;
  private readonly settings: DeviceConnectorSettings;
  private readonly callbacks: CallbackClient;
  // Set by `open`, in this order; `close` undoes whatever there is.
  private service: ConnectorService | undefined;
  private gateway: Gateway | undefined;
  private driver: NotificationDriver | undefined;
  private rechecking: NodeJS.Timeout | undefined;
  private customerSide: CustomerSide | undefined;
  private leshan: LeshanSide | undefined;
  private httpSide: HttpSide | undefined;
  /** What the core tells while it starts, before there is somebody to hear it. */
  private readonly early: ConnectorEvent[] = [];

  /**
   * Takes up what the store holds, and listens on both sides.
   *
   * Rejects with the system's error, `side` ("http", "https", "coap", "coap-tcp" or "bootstrap") added to it, when a port cannot be bound; with
   * `connector/bad-range` for a range of `allowedCallbacks` that cannot be read.
   */
  static async start(settings: DeviceConnectorSettings): Promise<DeviceConnector> {
    let connector: DeviceConnector | undefined;
    try {
      connector = new DeviceConnector(settings);
      await connector.open();
      return connector;
    } catch (error) {
      await (connector ?? settings.store).close();
      throw error;
    }
  }

  private constructor(settings: DeviceConnectorSettings) {
    this.settings = settings;
    if (settings.opensLeshanApi === true && !isLoopback(settings.host)) {
      const refused = `The Leshan API can only be open where others do not reach it, at 127.0.0.1 or ::1 and not at ${settings.host}.`;
      throw Object.assign(new Error(refused), { code: "connector/open-to-others" });
    }
    this.callbacks = new CallbackClient({ allowedRanges: settings.allowedCallbacks ?? [] });
    const { secretsFolder } = settings;
    this.secrets =
      secretsFolder === undefined ? new MemorySecrets() : new SecretFolder(secretsFolder);
    this.access = new Access({
      store: settings.store,
      secret: serverSecret(secretsFolder),
      tokenKeys: new TokenKeys(this.secrets),
      calendarNow: () => Date.now(),
    });
    this.bootstrap = new BootstrapSide(
      {
        store: settings.store,
        secret: this.access.secret,
        devices: this.access.devices,
        calendarNow: () => Date.now(),
      },
      settings.bootstrap !== undefined,
    );
    this.inventory = new Inventory(settings.store, this.access.devices, (endpointName) =>
      this.service?.registration(endpointName),
    );
    this.certificates = new DeviceCertificates({
      secrets: this.secrets,
      table: settings.store.table("certificates"),
      calendarNow: () => Date.now(),
      ...(settings.curves !== undefined && { curves: settings.curves }),
    });
  }

  get httpUrl(): string {
    return `http://${this.urlHost()}:${this.httpSide?.httpPort}`;
  }

  /** Undefined without HTTPS. */
  get httpsUrl(): string | undefined {
    const port = this.httpSide?.httpsPort;
    return port === undefined ? undefined : `https://${this.urlHost()}:${port}`;
  }

  get coapUrl(): string {
    return `coap://${this.urlHost()}:${this.service?.port}`;
  }

  /** Undefined without a port for TCP. */
  get coapTcpUrl(): string | undefined {
    const port = this.service?.tcpPort;
    return port === undefined ? undefined : `coap+tcp://${this.urlHost()}:${port}`;
  }

  /** Where devices are bootstrapped; undefined when they are not. */
  get bootstrapUrl(): string | undefined {
    if (!this.bootstrap.isServing) return undefined;
    const { bootstrapPort, port } = this.service ?? {};
    return `coap://${this.urlHost()}:${bootstrapPort ?? port}`;
  }

  /**
   * Takes what a file says of bootstrap, in place of what it said before.
   *
   * @throws Error with code `access/bad-value` that names what was wrong; what was there stays then
   */
  setBootstrapFile(document: BootstrapFileDocument): void {
    this.bootstrap.accounts.setFile(document);
  }

  /** Resolves when all that was accepted so far survives a kill. */
  commit(): Promise<void> {
    return this.settings.store.commit();
  }

  /** Ends waiting polls, lets answers be written, commits, and lets go of sockets and store. */
  async close(): Promise<void> {
    clearInterval(this.rechecking);
    const closing = this.httpSide?.close();
    this.driver?.close();
    this.customerSide?.close();
    this.leshan?.close();
    await closing;
    this.gateway?.traffic.save();
    this.callbacks.close();
    await (this.service ?? this.settings.store).close();
  }

  private async open(): Promise<void> {
    const { store, host, log, product, bootstrap } = this.settings;
    const core = this.settings.connector ?? defaultSettings(systemRandom());
    const service = await onSide("coap", () =>
      ConnectorService.start({
        connector: {
          ...core,
          registry: { ...core.registry, admits: (parameters) => this.admits(parameters) },
          ...(bootstrap !== undefined && {
            bootstrap: {
              ...BOOTSTRAP_DEFAULTS,
              accounts: this.bootstrap.accounts,
              isSilent: bootstrap.isSilent === true,
            },
          }),
        },
        store,
        host,
        port: this.settings.coapPort,
        bootstrapPort: bootstrap?.port,
        tcpPort: this.settings.coapTcpPort,
        sink: (event) => this.handleEvent(event),
        log,
      }),
    );
    this.service = service;
    const now = () => service.now();
    for (const registration of service.registrations()) this.record(registration);
    const gateway = new Gateway(now(), Date.now(), {
      store,
      devices: service,
      audience: this.access,
      quotas: { ...UNLIMITED, ...this.settings.quotas },
      endsIndividualSubscriptions: this.settings.subscriptions === "original",
    });
    this.gateway = gateway;
    this.customerSide = this.openCustomerSide(service, gateway);
    const leshan = new LeshanSide({
      access: this.access,
      devices: service,
      now,
      isOpen: this.settings.opensLeshanApi === true,
    });
    leshan.start();
    if (leshan.isOpen) log("The Leshan API is open to every program on this machine.");
    this.leshan = leshan;
    this.bootstrap.connect({
      devices: service,
      push: (endpointName) => service.pushBootstrap(endpointName),
    });
    for (const event of this.early.splice(0)) this.handleEvent(event);
    gateway.endOrphans(now());
    // Keys expire without anybody doing anything: they hear nothing from then on, and what they leave is cleared away here.
    this.rechecking = setInterval(() => {
      gateway.recheck(now());
      this.driver?.wake();
    }, RECHECK_INTERVAL);
    this.rechecking.unref();
    const driver = new NotificationDriver(gateway.channels, now, (callback, body) =>
      this.callbacks.send(callback, body),
    );
    this.driver = driver;
    const app = createRestApi({
      gateway,
      access: this.access,
      certificates: this.certificates,
      inventory: this.inventory,
      driver,
      customerSide: this.customerSide,
      leshan,
      bootstrap: this.bootstrap,
      rates: new RequestRates(this.settings.requestRates),
      product,
      requestExpiry: REQUEST_EXPIRY,
      now,
      commit: () => store.commit(),
      probe: (callback) => this.callbacks.probe(callback),
      log,
    });
    const { httpPort } = this.settings;
    const { listeners } = this.customerSide;
    const https = this.httpsPort();
    this.httpSide = await HttpSide.open({ app, host, httpPort, https, listeners, log });
  }

  private openCustomerSide(service: ConnectorService, gateway: Gateway): CustomerSide {
    const { store, log, customers = {} } = this.settings;
    const customerSide = new CustomerSide({
      access: this.access,
      gateway,
      devices: service,
      store,
      now: () => service.now(),
      log,
      settings: {
        ...CUSTOMER_DEFAULTS,
        ...customers,
        publicUrl: () => customers.publicUrl ?? this.httpsUrl ?? this.httpUrl,
      },
    });
    customerSide.start();
    return customerSide;
  }

  private httpsPort(): HttpsPort | undefined {
    const { https, host, log } = this.settings;
    if (https === undefined) return undefined;
    const { port, files, redirectHttp = false } = https;
    const authority = () => this.certificates.authority();
    const source =
      files === undefined
        ? new ServerCertificate(this.secrets, authority, serverNames(host))
        : new TlsFiles(files.cert, files.key, log);
    return { port, source, redirectHttp };
  }

  /** Called within the core's turn: what this writes is committed before anything is acknowledged to a device. */
  private handleEvent(event: ConnectorEvent): void {
    if (this.gateway === undefined || this.service === undefined) {
      this.early.push(event);
      return;
    }
    if (event.kind === "registration") {
      this.record(event.registration);
      this.identify(event.registration);
    }
    this.gateway.handleEvent(this.service.now(), event);
    this.inventory.handleEvent(event);
    this.customerSide?.handleEvent(event);
    this.leshan?.handleEvent(event);
    this.bootstrap.handleEvent(event);
    this.driver?.wake();
  }

  /** Whether the domain that a new device belongs to has room for it. */
  private admits({ endpointName, domain }: NamedParameters): boolean {
    const { devices, domains } = this.access;
    const named = domain === undefined ? undefined : domains.named(domain);
    const domainId = devices.named(endpointName)?.domainId ?? named?.id ?? DEFAULT_DOMAIN;
    return this.gateway?.admits(endpointName, domainId) ?? true;
  }

  private record(registration: Registration): void {
    this.access.devices.handleRegistration(registration, Date.now());
  }

  private identify(registration: Registration): void {
    if (this.settings.identifiesDevices !== true) return;
    if (!this.inventory.wantsIdentity(registration)) return;
    this.service?.submit(registration.endpointName, {
      method: GET,
      path: DEVICE_PATH,
      payload: new Uint8Array(0),
      confirmable: true,
      expiresIn: IDENTITY_EXPIRY,
    });
  }

  private urlHost(): string {
    const host = this.service?.host ?? "";
    return host.includes(":") ? `[${host}]` : host;
  }
}

async function onSide<T>(side: "coap", start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    throw Object.assign(error as Error, { side: (error as { side?: string }).side ?? side });
  }
}
