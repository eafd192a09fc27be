/**
 * The access model as one thing: who a credential belongs to, and what is on record of people, keys, devices and claims.
 *
 * A principal is made anew for each request from what is on record now: a revoked key, a deactivated owner or a released device has
 * its effect at once. Who takes something away calls `Gateway.recheck` afterwards, so that waiting polls and channels end too.
 */
import { HOUR, type Milliseconds } from "../../protocol/time/duration.ts";
import { MemorySecrets } from "../certificates/secrets.ts";
import type { Journal } from "../store/store.ts";
import { AccessKeys, isGood, type NewAccessKey } from "./access-keys.ts";
import { type ApiClient, ApiClients } from "./api-clients.ts";
import { Audit } from "./audit.ts";
import { Bindings } from "./bindings.ts";
import type { Credential } from "./credentials.ts";
import {
  CLIENT_SECRET_RIGHTS,
  type CredentialKind,
  type Principal,
  PUBLIC_KEY_RIGHTS,
  rightsOf,
  type Scope,
  sees,
  TOKEN_RIGHTS,
} from "./decision.ts";
import { DeviceRecords, shadowChannel } from "./devices.ts";
import { Domains } from "./domains.ts";
import { LoginBackoff } from "./login-backoff.ts";
import { type AccessKey, DEFAULT_DOMAIN, type DeviceRecord, type User } from "./model.ts";
import { BUSY, type PasswordCost, Passwords } from "./passwords.ts";
import { idLength, type ServerSecret } from "./server-secret.ts";
import { TokenKeys } from "./token-keys.ts";
import { isTokenShaped, type TokenClaims, TokenSigner } from "./token-signer.ts";
import { Tokens } from "./tokens.ts";
import { ADMINISTRATOR, Users } from "./users.ts";

/** What the notification side asks: who may receive what. */
export interface Audience {
  /** Whether the owner of a channel may know of a device now; false for an owner who may not receive anything any more. */
  sees(channelId: string, endpointName: string): boolean;
  /** Whether the owner of a channel may receive anything at all. */
  isEntitled(channelId: string): boolean;
  domainOf(endpointName: string): string;
}

export interface AccessSettings {
  readonly store: Journal;
  readonly secret: ServerSecret;
  /** Calendar milliseconds. */
  readonly calendarNow: () => number;
  /** What tokens are signed with; absent means keys that last as long as the process. */
  readonly tokenKeys?: TokenKeys;
  /** Cheaper hashes, for tests. */
  readonly passwordCost?: PasswordCost;
}

const LOGIN_INTERVAL = HOUR;
const MOST_LOGINS = 10_000;
const OF_ADMINISTRATOR = { domainId: ADMINISTRATOR.domainId, ownerId: ADMINISTRATOR.id };

export class Access implements Audience {
  readonly domains: Domains;
  readonly users: Users;
  readonly keys: AccessKeys;
  readonly clients: ApiClients;
  readonly tokens: Tokens;
  readonly tokenKeys: TokenKeys;
  readonly devices: DeviceRecords;
  readonly bindings: Bindings;
  readonly audit: Audit;
  readonly passwords: Passwords;
  readonly backoff = new LoginBackoff();
  readonly secret: ServerSecret;
  readonly calendarNow: () => number;
  private readonly signer: TokenSigner;
  /** When who logged in from where, as far as it was written down; the latest last. */
  private readonly logins = new Map<string, number>();

  constructor({ store, secret, calendarNow, tokenKeys, passwordCost }: AccessSettings) {
    this.secret = secret;
    this.tokenKeys = tokenKeys ?? new TokenKeys(new MemorySecrets());
    this.signer = new TokenSigner(this.tokenKeys);
    this.calendarNow = calendarNow;
    this.domains = new Domains(store);
    this.users = new Users(store);
    this.keys = new AccessKeys(store);
    this.clients = new ApiClients(store, this.users);
    this.tokens = new Tokens(store, this.signer);
    this.devices = new DeviceRecords(store, this.domains, secret);
    this.bindings = new Bindings(store);
    this.audit = new Audit(store);
    this.passwords = new Passwords(passwordCost);
  }

  /**
   * Finds out whose credential this is.
   *
   * @param accepts the kinds that the route takes; one of another kind is nobody's
   * @param isStillHeard of a password that had to wait to be checked: whether it still is to be
   * @returns undefined for nobody, BUSY when too many passwords are being checked
   */
  identify(
    now: Milliseconds,
    credential: Credential,
    accepts: readonly CredentialKind[],
    isStillHeard?: () => boolean,
  ): Principal | undefined | Promise<Principal | undefined | typeof BUSY> {
    if (credential.scheme === "bearer") return this.identifyBearer(credential.value, accepts);
    const { name, password } = credential;
    return this.identifyLogin(now, name, password, accepts, isStillHeard);
  }

  /** The owner of a notification channel as of now; undefined for one who may not receive anything any more. */
  principalOfChannel(channelId: string): Principal | undefined {
    const key = this.keys.get(channelId);
    if (key !== undefined) return this.principalOfKey(key);
    const client = this.clients.get(channelId);
    if (client !== undefined) return this.principalOfClient(client, "token", client.id);
    const device = this.devices.withShadowChannel(channelId);
    if (device !== undefined) return this.principalOfDevice(device);
    const user = this.users.get(channelId);
    if (user === undefined) return undefined;
    return user.role === "customer"
      ? this.principalOfCustomer(user, "customer-key")
      : this.principalOfUser(user, "user-password", user.id, user.id);
  }

  sees(channelId: string, endpointName: string): boolean {
    const principal = this.principalOfChannel(channelId);
    if (principal === undefined) return false;
    return sees(principal, { domainId: this.domainOf(endpointName), endpointName });
  }

  isEntitled(channelId: string): boolean {
    return this.principalOfChannel(channelId) !== undefined;
  }

  domainOf(endpointName: string): string {
    return this.devices.domainOf(endpointName);
  }

  /** Makes a key of the administrator: with what everything else can be made. */
  createFirstKey(name?: string): NewAccessKey {
    return this.keys.create(OF_ADMINISTRATOR, name, this.calendarNow());
  }

  /** Takes up a key of the administrator that was made elsewhere. */
  adoptFirstKey(key: string, name: string): void {
    this.keys.adopt(OF_ADMINISTRATOR, key, name, this.calendarNow());
  }

  /** The CUSTOMER_KEY of a customer, which may be shown to it again and again. */
  customerKeyOf(customer: User): string {
    return this.secret.derive("customer-key", customer.id, customer.keyVersion);
  }

  /** Writes down who did what. Never give it a secret. */
  record(principal: Principal | undefined, address: string, action: string, object: string): void {
    this.audit.append({
      at: this.calendarNow(),
      domainId: principal?.domain.id ?? "default",
      actor: principal === undefined ? "nobody" : `${principal.kind}:${principal.credentialId}`,
      address,
      action,
      object,
    });
  }

  /** Writes down that somebody has logged in: once an hour for each who and where, since Basic sends the password with every request. */
  recordLogin(principal: Principal, address: string): void {
    const calendarNow = this.calendarNow();
    const login = `${principal.kind} ${principal.credentialId} ${address}`;
    if (calendarNow - (this.logins.get(login) ?? -Infinity) < LOGIN_INTERVAL) return;
    this.logins.delete(login);
    this.logins.set(login, calendarNow);
    if (this.logins.size > MOST_LOGINS) {
      for (const oldest of this.logins.keys()) {
        this.logins.delete(oldest);
        break;
      }
    }
    this.record(principal, address, "login", principal.user?.name ?? "");
  }

  /**
   * Writes down that a login was refused: in the domain of whoever has the name. A name that nobody has is not written down, since people
   * type their passwords there.
   */
  recordRefusedLogin(address: string, login: string): void {
    const user = this.userOfLogin(login);
    const client = this.clients.withKey(login);
    this.audit.append({
      at: this.calendarNow(),
      domainId: user?.domainId ?? client?.domainId ?? DEFAULT_DOMAIN,
      actor: "nobody",
      address,
      action: "login.refused",
      object: user?.name ?? client?.id ?? "an unknown name",
    });
  }

  private identifyBearer(
    value: string,
    accepts: readonly CredentialKind[],
  ): Principal | undefined | Promise<Principal | undefined> {
    if (isTokenShaped(value)) {
      return accepts.includes("token") ? this.identifyToken(value) : undefined;
    }
    for (const kind of accepts) {
      const principal = this.principalOfBearer(value, kind);
      if (principal !== undefined) return principal;
    }
    return undefined;
  }

  private principalOfBearer(value: string, kind: CredentialKind): Principal | undefined {
    switch (kind) {
      case "access-key": {
        const key = this.keys.find(value, this.calendarNow());
        return key === undefined ? undefined : this.principalOfKey(key);
      }
      case "customer-key": {
        const customer = this.customerWithKey(value);
        return customer && this.principalOfCustomer(customer, kind);
      }
      case "public-key": {
        const device = this.devices.withPublicKey(value);
        return device === undefined ? undefined : this.principalOfDevice(device);
      }
      default:
        return undefined;
    }
  }

  private identifyToken(token: string): Principal | undefined | Promise<Principal | undefined> {
    const claims = this.signer.verify(token, this.calendarNow());
    if (!(claims instanceof Promise)) return claims && this.principalOfToken(claims);
    return claims.then((said) => said && this.principalOfToken(said));
  }

  private async identifyLogin(
    now: Milliseconds,
    name: string,
    password: string,
    accepts: readonly CredentialKind[],
    isStillHeard?: () => boolean,
  ): Promise<Principal | undefined | typeof BUSY> {
    if (accepts.includes("client-secret")) return this.principalOfClientKeys(name, password);
    const user = this.userOfLogin(name);
    const kind = user?.role === "customer" ? "customer-password" : "user-password";
    if (!accepts.includes("customer-password") && !accepts.includes("user-password")) {
      return undefined;
    }
    // Before the kind is looked at: what takes no time says that there is nobody of that name.
    const isRight = await this.passwords.verify(now, user, password, isStillHeard);
    if (isRight === BUSY) return BUSY;
    if (!isRight || user === undefined || !accepts.includes(kind)) return undefined;
    await this.renewHash(user, password);
    if (kind === "customer-password") return this.principalOfCustomer(user, kind);
    return this.principalOfUser(user, kind, user.id, user.id);
  }

  /** A password that was just found right is hashed as passwords are today, if it was not. */
  private async renewHash(user: User, password: string): Promise<void> {
    const { passwordHash: former } = user;
    if (former === undefined || !this.passwords.isOutdated(former)) return;
    const passwordHash = await this.passwords.hash(password).catch(() => undefined);
    const now = this.users.get(user.id);
    if (passwordHash === undefined || now?.passwordHash !== former) return;
    this.users.put({ ...now, passwordHash });
  }

  /** `name`, or `domain/name` as mbed's legacy clients write it. */
  private userOfLogin(login: string): User | undefined {
    const slash = login.indexOf("/");
    if (slash < 0) return this.users.named(login);
    const user = this.users.named(login.slice(slash + 1));
    const domain = this.domains.named(login.slice(0, slash));
    return domain !== undefined && user?.domainId === domain.id ? user : undefined;
  }

  private customerWithKey(key: string): User | undefined {
    const length = idLength(key);
    if (length < 0) return undefined;
    const user = this.users.get(key.slice(0, length));
    if (user?.role !== "customer") return undefined;
    return this.secret.isDerived(key, "customer-key", user.id, user.keyVersion) ? user : undefined;
  }

  private principalOfKey(key: AccessKey): Principal | undefined {
    const owner = this.users.get(key.ownerId);
    if (owner === undefined || !isGood(key, this.calendarNow())) return undefined;
    return this.principalOfUser(owner, "access-key", key.id, key.id);
  }

  private principalOfToken(claims: TokenClaims): Principal | undefined {
    const client = this.clients.get(claims.clientId);
    if (client?.ownerId !== claims.ownerId || !this.tokens.isGood(claims)) return undefined;
    const principal = this.principalOfClient(client, "token", `${client.id}.${claims.tokenId}`);
    if (principal !== undefined) this.clients.handleUse(client, this.calendarNow());
    return principal;
  }

  private principalOfClientKeys(clientKey: string, secretKey: string): Principal | undefined {
    const client = this.clients.find({ clientKey, secretKey }, this.calendarNow());
    if (client === undefined) return undefined;
    const principal = this.principalOfClient(client, "client-secret", client.id);
    return principal && { ...principal, rights: CLIENT_SECRET_RIGHTS };
  }

  /** A program that acts for its client's owner. Channel, subscriptions and requests are the client's, whatever token it comes with. */
  private principalOfClient(
    client: ApiClient,
    kind: "token" | "client-secret",
    credentialId: string,
  ): Principal | undefined {
    const owner = this.clients.actingOwner(client);
    const principal = owner && this.principalOfUser(owner, kind, credentialId, client.id);
    if (principal === undefined || principal.rights === "all") return principal;
    return { ...principal, rights: [...principal.rights, ...TOKEN_RIGHTS] };
  }

  /** Somebody who acts for a user, with all of the user's rights. */
  private principalOfUser(
    user: User,
    kind: CredentialKind,
    credentialId: string,
    channelId: string | undefined,
  ): Principal | undefined {
    const domain = this.domains.get(user.domainId);
    if (!user.active || user.role !== "user" || domain === undefined) return undefined;
    const rights = rightsOf(user, (id) => this.users.group(id));
    return { kind, domain, user, credentialId, channelId, scope: "domain", rights };
  }

  private principalOfCustomer(
    user: User,
    kind: "customer-key" | "customer-password",
  ): Principal | undefined {
    const domain = this.domains.get(user.domainId);
    if (!user.active || domain === undefined) return undefined;
    return {
      kind,
      domain,
      user,
      credentialId: user.id,
      channelId: kind === "customer-key" && domain.customersUseRest ? user.id : undefined,
      scope: this.claimedBy(user),
      rights: rightsOf(user, () => undefined),
    };
  }

  private principalOfDevice(device: DeviceRecord): Principal | undefined {
    const domain = this.domains.get(device.domainId);
    if (domain === undefined) return undefined;
    return {
      kind: "public-key",
      domain,
      user: undefined,
      credentialId: shadowChannel(device),
      channelId: undefined,
      scope: new Set([device.endpointName]),
      rights: PUBLIC_KEY_RIGHTS,
    };
  }

  private claimedBy(customer: User): Scope {
    const names = new Set<string>();
    for (const id of this.bindings.devicesOf(customer.id)) {
      const device = this.devices.get(id);
      if (device !== undefined) names.add(device.endpointName);
    }
    return names;
  }
}
