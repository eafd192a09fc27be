/** Tenants with the same kinds of people, programs and devices, and a credential of each kind for each of them. */
import { createCustomer } from "../../../../connector/access/customers.ts";
import type { CredentialKind } from "../../../../connector/access/decision.ts";
import { bindDevice } from "../../../../connector/access/device-administration.ts";
import { randomAlphanumerics } from "../../../../connector/access/key-crypto.ts";
import {
  type DeviceRecord,
  type Domain,
  OBJECTS,
  type Permission,
  type User,
} from "../../../../connector/access/model.ts";
import { RestBench } from "./bench.ts";
import { NODE_001 } from "./fake-devices.ts";

export const TENANTS = ["acme", "rival", "third"] as const;
export type TenantName = (typeof TENANTS)[number];

/** `root` may do everything in its domain, `reader` may view everything and no more. */
export const USERS = ["root", "reader"] as const;
export type UserName = (typeof USERS)[number];

export const PASSWORD = "correct horse battery";
const READ_ONLY = OBJECTS.map((object): Permission => `view ${object}`);

interface Tenant {
  readonly domain: Domain;
  readonly users: Readonly<Record<UserName, User>>;
  readonly customer: User;
  readonly device: DeviceRecord;
}

/** How a credential is shown: the header, and the bare value of what is a bearer's. */
export interface Shown {
  readonly header: string;
  readonly bearer?: string;
}

export class World {
  readonly bench = new RestBench();
  readonly tenants: Readonly<Record<TenantName, Tenant>>;
  private readonly known = new Map<string, Promise<Shown>>();
  private requests = 0;

  /** Two tenants are enough to see whether one is let into the other. */
  constructor(names: readonly TenantName[] = ["acme", "rival"]) {
    const tenants: Partial<Record<TenantName, Tenant>> = {};
    for (const name of names) tenants[name] = this.tenant(name);
    this.tenants = tenants as Record<TenantName, Tenant>;
  }

  get access() {
    return this.bench.access;
  }

  /** The valid credential of this kind, with all rights that one of the kind can have unless it is the reader's. */
  async credential(
    kind: CredentialKind,
    tenant: TenantName,
    userName: UserName = "root",
  ): Promise<Shown> {
    const { users, customer, device } = this.tenants[tenant];
    const user = users[userName];
    switch (kind) {
      case "access-key":
        return bearer(this.keyOf(user).key);
      case "customer-key":
        return bearer(this.access.customerKeyOf(customer));
      case "customer-password":
        return basic(customer.name, PASSWORD);
      case "user-password":
        return basic(user.name, PASSWORD);
      case "public-key":
        return bearer(this.access.devices.publicKeyOf(device));
      case "client-secret": {
        const { client, secretKey } = this.clientOf(user);
        return basic(client.clientKey, secretKey);
      }
      case "token": {
        const minted = await this.access.tokens.mint(this.clientOf(user).client, this.bench.now);
        if (!("token" in minted)) throw new Error("no token");
        return bearer(minted.token);
      }
    }
  }

  /** The same credential each time. */
  standing(kind: CredentialKind, tenant: TenantName): Promise<Shown> {
    const name = `${kind} ${tenant}`;
    const shown = this.known.get(name) ?? this.credential(kind, tenant);
    this.known.set(name, shown);
    return shown;
  }

  /** A key of the operator, who is over the tenants. */
  operator(): Shown {
    return bearer(this.bench.key);
  }

  keyOf(user: User, expiresAt?: number) {
    const owner = { domainId: user.domainId, ownerId: user.id };
    return this.access.keys.create(owner, undefined, this.bench.now, expiresAt);
  }

  clientOf(user: User) {
    const terms = { ownerId: user.id, ttl: 10, enabled: true };
    return this.access.clients.create(terms, this.bench.now);
  }

  /**
   * Sends a request from an address of its own, so that no refusal is for how many came before.
   *
   * @param authorization "" for no header
   */
  ask(
    method: string,
    path: string,
    authorization: string,
    more: { readonly body?: string; readonly headers?: Record<string, string> } = {},
  ): Promise<Response> {
    this.requests++;
    const address = `10.${this.requests >> 16}.${(this.requests >> 8) & 255}.${this.requests & 255}`;
    const headers = { ...more.headers, ...(authorization === "" ? {} : { authorization }) };
    return this.bench.fetch(method, path, { ...more, headers, key: "", address });
  }

  private tenant(name: TenantName): Tenant {
    const domain: Domain = {
      id: `domain-${name}`,
      name,
      createdAt: 0,
      registration: "open",
      sharing: "shared",
      customersUseRest: true,
    };
    this.access.domains.put(domain);
    const customer = createCustomer(this.access, domain, `c@${name}.test`, PASSWORD_HASH);
    this.bench.devices.register(`d-${name}`, NODE_001, { domain: name });
    const device = this.access.devices.create(domain.id, `d-${name}`, undefined, 0)!;
    bindDevice(this.access, customer, device);
    const users = { root: this.user(domain, "root"), reader: this.user(domain, "reader") };
    return { domain, users, customer, device };
  }

  private user(domain: Domain, name: UserName): User {
    return this.access.users.put({
      id: `${name}-${domain.name}`,
      domainId: domain.id,
      name: `${name}@${domain.name}.test`,
      passwordHash: PASSWORD_HASH,
      active: true,
      // Who is staff owns no API clients.
      staff: false,
      superuser: name === "root",
      role: "user",
      permissions: name === "root" ? [] : READ_ONLY,
      groups: [],
      keyVersion: 0,
      metadata: {},
      createdAt: 0,
      updatedAt: 0,
    });
  }
}

/** One hash for all: of the same cost as those of the bench. */
const PASSWORD_HASH = await new RestBench().access.passwords.hash(PASSWORD);

export function bearer(value: string): Shown {
  return { header: `Bearer ${value}`, bearer: value };
}

export function basic(name: string, password: string): Shown {
  return { header: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` };
}

export function unknownKey(): string {
  return randomAlphanumerics(100);
}
