/** The connector's core as Bootstrap-Server, in virtual time, and devices that let themselves be bootstrapped. */
import { DeviceRecords } from "../../../../connector/access/devices.ts";
import { Domains } from "../../../../connector/access/domains.ts";
import { ServerSecret } from "../../../../connector/access/server-secret.ts";
import { BootstrapAccounts } from "../../../../connector/bootstrap/accounts.ts";
import {
  BOOTSTRAP_DEFAULTS,
  type BootstrapSettings,
} from "../../../../connector/bootstrap/bootstrap-server.ts";
import type { BootstrapEvent } from "../../../../connector/bootstrap/events.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import type { IncomingRequest, Response } from "../../../../protocol/coap/coap-endpoint.ts";
import { CHANGED, CONTENT, DELETE, DELETED, GET, POST } from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TLV } from "../../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOption } from "../../../../protocol/coap/options.ts";
import { type Device, Rig, type RigOptions } from "../connector/rig.ts";

export const URI = "coap://connector.test:5683";
export const ACCOUNT = { uri: URI, shortServerId: 123, lifetime: 300 };
/** What a device with its bootstrap account at /0/0 shows. */
export const TREE = '</>;lwm2m=1.1,</0/0>,</0/1>;ssid=5;uri="coap://old.test",</1/0>;ssid=5';

export function newAccounts(store = new MemoryStore()): BootstrapAccounts {
  const secret = new ServerSecret(new Uint8Array(32).fill(7));
  const devices = new DeviceRecords(store, new Domains(store), secret);
  return new BootstrapAccounts({ store, secret, devices, calendarNow: () => 1000 });
}

export class BootstrapRig extends Rig {
  readonly accounts: BootstrapAccounts;

  constructor(options: RigOptions & { readonly bootstrap?: Partial<BootstrapSettings> } = {}) {
    const accounts = newAccounts();
    super({
      ...options,
      change: (settings) => ({
        ...settings,
        bootstrap: { ...BOOTSTRAP_DEFAULTS, accounts, ...options.bootstrap },
      }),
    });
    this.accounts = accounts;
  }

  /** A device that does what it is told in bootstrap. */
  bootstrapping(endpointName: string, address?: string): Device {
    const device = this.device(endpointName, address);
    device.respond = obey;
    return device;
  }

  bootstrapEvents(): BootstrapEvent[] {
    return this.events.filter((event): event is BootstrapEvent =>
      event.kind.startsWith("bootstrap-"),
    );
  }

  /** `finished`, or `failed` with its reason, of each bootstrap that has ended. */
  outcomes(): string[] {
    return this.bootstrapEvents().flatMap((event) => {
      if (event.kind === "bootstrap-started") return [];
      return [event.kind === "bootstrap-finished" ? "finished" : `failed: ${event.reason}`];
    });
  }
}

/** Asks to be bootstrapped. */
export function ask(device: Device, ...query: string[]): void {
  device.request(POST, "/bs", [`ep=${device.endpointName}`, ...query], "");
}

export function bare(code: number): Response {
  return { code, options: [], payload: new Uint8Array(0) };
}

/** The answers of a device that agrees to everything. */
export function obey({ code }: IncomingRequest, path: string): Response {
  if (code === DELETE) return bare(DELETED);
  if (code !== GET) return bare(CHANGED);
  if (path === "/") {
    return {
      code: CONTENT,
      options: [uintOption(CONTENT_FORMAT, LINK_FORMAT)],
      payload: encodeUtf8(TREE),
    };
  }
  // An instance 0 with Short Server ID 5.
  const payload = new Uint8Array([0x03, 0x00, 0xc1, 0x00, 0x05]);
  return { code: CONTENT, options: [uintOption(CONTENT_FORMAT, TLV)], payload };
}
