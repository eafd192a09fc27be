/**
 * The device agent with all it can do: `BasicAgent` with every feature. The facade of firmware/agent for hosts with room.
 */
import { NOT_FOUND, UNAUTHORIZED } from "../../protocol/coap/codes.ts";
import type { IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import { URI_PATH } from "../../protocol/coap/options.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import type { Malformed } from "../../protocol/malformed.ts";
import { SERVER_BOOTSTRAP_TRIGGER } from "../../protocol/model/objects/server.ts";
import type { NamedResource } from "../../protocol/resources/named-resource.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import { securityObject } from "../objects/security.ts";
import type { AccountKeeper, AccountSettings } from "../objects/server-account.ts";
import { accountObject, applySettings } from "../objects/server-account.ts";
import { AgentLink } from "./agent-link.ts";
import { codecsOf } from "./all-codecs.ts";
import { ALL_FEATURES } from "./all-features.ts";
import type { BasicConfiguration, ServerAccount } from "./basic-agent.ts";
import { decodeAccounts, encodeAccounts } from "./bootstrap/account-codec.ts";
import { isOrphan, makeAccount, serverLinksOf } from "./bootstrap/account-links.ts";
import type { BootstrapAccount } from "./bootstrap/bootstrap-account.ts";
import { enforce, makeBootstrapAccount, purge } from "./bootstrap/bootstrap-account.ts";
import type { BootstrapLink } from "./bootstrap/bootstrap-link.ts";
import { bootstrapLinkOf } from "./bootstrap/bootstrap-link.ts";
import type { Preparation } from "./bootstrap/bootstrap-preparation.ts";
import { EnergyAccount } from "./energy-account.ts";
import { plain } from "./management/device-management.ts";
import type { NamedResourcesConfiguration } from "./management/named-resources.ts";
import { addResource, findResource, removeResource } from "./management/named-resources.ts";
import {
  belowRoot,
  checkRootPath,
  codecsBelow,
  isTreePath,
  withRoot,
} from "./registration/alternate-path.ts";
import type { ProfileConfiguration } from "./registration/profiles.ts";
import { checkProfiles } from "./registration/profiles.ts";
import { Registrations } from "./registration/registrations.ts";
import type { Relay } from "./relay.ts";
import type { ReportingConfiguration } from "./reporting/reporting-link.ts";
import type { Reported } from "./reporting/samples.ts";
import { History, samplesOf } from "./reporting/samples.ts";
import type { SendOptions } from "./reporting/send-queue.ts";
import { ReportingAgent } from "./reporting-agent.ts";
import type { ServerAddress } from "./server-address.ts";
import type { ServerLink } from "./server-link.ts";

export * from "./basic-agent.ts";

const NO_OPTIONS: SendOptions = {};

export interface AgentConfiguration
  extends BasicConfiguration,
    NamedResourcesConfiguration,
    ProfileConfiguration,
    ReportingConfiguration {
  readonly resources?: readonly NamedResource[];
  /**
   * Registers at a random time within so many milliseconds of `start`, so that devices which got their power back together do not ask
   * together. Default 0.
   */
  readonly spreadOver?: Milliseconds;
  /** True: when registration has failed and there is no bootstrap server to ask, nothing happens by itself before `retry` or `start`. */
  readonly giveUp?: boolean;
  /** True: how long the radio is on is counted (`energy`). */
  readonly accountsEnergy?: boolean;
}

export interface AgentServerAccount extends ServerAccount, AccountSettings {}

export class Agent extends ReportingAgent implements AccountKeeper {
  declare readonly configuration: AgentConfiguration;
  /** Object 0. */
  readonly security: LwM2mObject = securityObject(this.version());
  /** Of a gateway: who answers for the devices behind it. */
  relay: Relay | undefined = undefined;
  /** Made with the first record. */
  history: History | undefined = undefined;

  readonly registrations: Registrations = new Registrations(this);
  /** Since `start`, where the configuration asks for it. */
  energy: EnergyAccount | undefined = undefined;
  private isRadioOn = false;
  private readonly allCodecs: readonly ContentCodec[];

  constructor(configuration: AgentConfiguration) {
    super(configuration, ALL_FEATURES);
    if (configuration.rootPath !== undefined) checkRootPath(configuration.rootPath);
    if (configuration.profiles !== undefined) checkProfiles(configuration.profiles);
    this.allCodecs = this.codecs;
    this.codecs = this.codecsFor(this.version());
    this.replaceServers();
    this.addObject(this.security);
    const resources = configuration.resources;
    for (let i = 0; resources !== undefined && i < resources.length; i++) {
      addResource(this, resources[i]);
    }
  }

  /** Object 1 in the version of the agent, instead of the one that a board has. */
  private replaceServers(): void {
    const former = this.servers;
    const servers = accountObject(this.version());
    servers.listener = this;
    this.servers = servers;
    this.objects = this.objects.map(function (object) {
      return object === former ? servers : object;
    });
  }

  // Accounts.

  /** Adds a server account. Throws `agent/server-uri`, `agent/server-setting`. */
  override addServer(account: AgentServerAccount): ServerLink {
    const link = makeAccount(this, account);
    applySettings(this.servers, link.instanceId, account);
    return link;
  }

  /** Adds the account of a bootstrap server, of which there is one. Throws as `makeBootstrapAccount`. */
  addBootstrapServer(account: BootstrapAccount): BootstrapLink {
    return makeBootstrapAccount(this, account);
  }

  /** Neither the bootstrap server's, nor one that only says goodbye. */
  override serverLinks(): readonly ServerLink[] {
    return serverLinksOf(this);
  }

  /** True when some server has a registration of ours. */
  isRegistered(): boolean {
    const links = serverLinksOf(this);
    for (let i = 0; i < links.length; i++) if (links[i].isRegistered()) return true;
    return false;
  }

  /** Begins client-initiated bootstrap, unless it is under way; false when there is no bootstrap server to ask (LwM2M Core 1.2.2 §6.1.3.3). */
  needBootstrap(now: Milliseconds): boolean {
    const link = bootstrapLinkOf(this);
    if (link === undefined) return false;
    link.begin(now);
    return true;
  }

  /** Objects 0, 1, 2, 21, 23 and 24 as bytes, keys among them (account-codec.ts). Bytes of the caller's own. */
  exportAccounts(): Uint8Array {
    return encodeAccounts(this);
  }

  /** Before `start`: takes these accounts instead of those that the application gave. Returns what is wrong with the bytes. */
  importAccounts(bytes: Uint8Array): Malformed | undefined {
    return decodeAccounts(this, bytes);
  }

  override makeLink(instanceId: number, address: ServerAddress): ServerLink {
    return new AgentLink(this, instanceId, address);
  }

  /** A server wrote to or executed a resource of its account. */
  override handleAccount(instanceId: number, resourceId: number): void {
    if (this.changes !== undefined) {
      this.changes.handleAccount(this.servers, instanceId, resourceId);
      return;
    }
    const links = serverLinksOf(this);
    for (let i = 0; i < links.length; i++) {
      if (links[i].instanceId === instanceId) links[i].handleAccount(resourceId);
    }
    const bootstrap = resourceId === SERVER_BOOTSTRAP_TRIGGER ? bootstrapLinkOf(this) : undefined;
    if (bootstrap !== undefined) bootstrap.trigger();
    this.wake();
  }

  // What the bootstrap link has done; nobody else's to call.

  enforce(now: Milliseconds, link: BootstrapLink, preparation: Preparation): string | undefined {
    const fault = enforce(now, link, preparation);
    if (fault === undefined) this.registrations.begin(now, now);
    return fault;
  }

  purgeBootstrapAccount(now: Milliseconds, link: BootstrapLink): void {
    purge(now, link);
  }

  dropLink(gone: ServerLink): void {
    this.links = this.links.filter(function (link) {
      return link !== gone;
    });
  }

  // Versions and paths.

  /** Where the LwM2M tree is: "" at the root of the device. */
  rootPath(): string {
    const root = this.configuration.rootPath;
    return root === undefined ? "" : root;
  }

  /** The formats of bootstrap, whose names know no alternate path (LwM2M Transport 1.1.1 §6.4.1). */
  bootstrapCodecs(): readonly ContentCodec[] {
    return codecsOf(this.allCodecs, this.version());
  }

  /** The formats of a version, with the names that they have here. */
  codecsFor(version: string | undefined): readonly ContentCodec[] {
    const codecs = codecsOf(this.allCodecs, version);
    return this.rootPath() === "" ? codecs : codecsBelow(codecs, this.rootPath());
  }

  /** The version spoken with the server of an instance of object 1. */
  versionOf(instanceId: number): string | undefined {
    const links = serverLinksOf(this);
    for (let i = 0; i < links.length; i++) {
      if (links[i].instanceId === instanceId) return links[i].version();
    }
    return this.version();
  }

  /** How the server of an instance of object 1 is reached, "U" or "T"; undefined when there is no link to it. */
  transportOf(instanceId: number): string | undefined {
    const links = serverLinksOf(this);
    for (let i = 0; i < links.length; i++) {
      if (links[i].instanceId === instanceId) return links[i].peer.transport;
    }
    return undefined;
  }

  /** With the tree where it is. */
  protected override answerWithin(
    now: Milliseconds,
    link: ServerLink,
    request: IncomingRequest,
  ): Response {
    const root = this.rootPath();
    if (root === "") return super.answerWithin(now, link, request);
    const below = belowRoot(request, root);
    if (below !== undefined) return withRoot(super.answerWithin(now, link, below), root);
    const path = pathOf(request.options, URI_PATH);
    const others = this.features.otherPaths;
    const isOwned = others !== undefined && others.owns(this, path);
    if (isOwned || !isTreePath(path)) return super.answerWithin(now, link, request);
    const code = NOT_FOUND;
    this.emit({ kind: "request", link, operation: "Request", path, code, error: undefined });
    return plain(code);
  }

  // Registration with several servers.

  /** Begins registration, in the order of the servers' accounts. */
  override start(now: Milliseconds): void {
    if (this.configuration.accountsEnergy === true && this.energy === undefined) {
      this.energy = new EnergyAccount(now);
    }
    this.registrations.start(now);
    const bootstrap = bootstrapLinkOf(this);
    if (bootstrap !== undefined) bootstrap.start(now);
    this.settlePower(now);
  }

  /** De-registers everywhere, at once: no server waits for another. */
  override stop(now: Milliseconds): void {
    this.registrations.stop();
    super.stop(now);
  }

  /** Registers at once wherever registration waits to try again or has given up; whose turn has not come goes on waiting. */
  retry(now: Milliseconds): void {
    this.registrations.retry(now);
    this.wake();
  }

  /** The device has another address, or is on the network again: servers have to be registered with anew (LwM2M Transport 1.1.1 §6.4.3). */
  handleAddressChange(now: Milliseconds): void {
    this.registrations.handleAddressChange(now);
    this.wake();
  }

  canBootstrap(): boolean {
    return bootstrapLinkOf(this) !== undefined;
  }

  /** Takes an object away; servers get a new list. */
  removeObject(objectId: number): void {
    const object = this.object(objectId);
    if (object === undefined) return;
    this.objects = this.objects.filter(function (each) {
      return each !== object;
    });
    this.handleInstances(object);
    object.listener = undefined;
  }

  override handleTimeout(now: Milliseconds): void {
    super.handleTimeout(now);
    this.settlePower(now);
  }

  override handleDatagram(now: Milliseconds, link: ServerLink, datagram: Uint8Array): void {
    super.handleDatagram(now, link, datagram);
    this.settlePower(now);
  }

  // Queue mode.

  /** True while some server may reach the device: its radio has to be on. */
  isAwake(): boolean {
    for (let i = 0; i < this.links.length; i++) if (this.links[i].isAwake()) return true;
    return false;
  }

  /** The radio goes on for one server: others whose turn is soon join in. */
  private settlePower(now: Milliseconds): void {
    const isOn = this.isAwake();
    if (this.energy !== undefined) this.energy.note(now, isOn);
    const goesOn = isOn && !this.isRadioOn;
    this.isRadioOn = isOn;
    if (!goesOn || this.links.length < 2) return;
    const links = serverLinksOf(this);
    for (let i = 0; i < links.length; i++) (links[i] as AgentLink).joinWakeUp(now);
  }

  override answer(now: Milliseconds, link: ServerLink, request: IncomingRequest): Response {
    if (isOrphan(this, link)) return plain(UNAUTHORIZED);
    return super.answer(now, link, request);
  }

  // What the application reports by itself.

  /** Keeps values with their time for `sendRecorded`; when there are too many, the oldest give way. Throws `agent/report-path`. */
  record(now: Milliseconds, reported: readonly Reported[]): void {
    if (this.history === undefined) this.history = new History();
    this.history.add(samplesOf(this, now, reported));
  }

  /** Sends all that is recorded, and forgets it. @returns as `send` */
  sendRecorded(now: Milliseconds, options: SendOptions = NO_OPTIONS): number {
    const samples = this.history === undefined ? [] : this.history.all();
    if (this.history !== undefined) this.history.clear();
    return this.sendSamples(now, samples, options);
  }

  resource(path: string): NamedResource | undefined {
    return findResource(this, path);
  }

  /** Adds a named resource; servers get a new list. Throws `agent/resource-exists`. */
  addResource(resource: NamedResource): void {
    addResource(this, resource);
  }

  /** Takes a named resource away; servers get a new list. */
  removeResource(path: string): void {
    removeResource(this, path);
  }
}
