/**
 * An agent's side of the bootstrap server: asks for a configuration, takes it, and puts it in force (LwM2M Core 1.2.2 §6.1). A link
 * like those of servers, so that who drives the agent has nothing to add, and without a registration.
 *
 * When to ask is bootstrap-schedule.ts, what the server may do bootstrap-operations.ts, what has been written and is not in force yet
 * bootstrap-preparation.ts.
 */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  GET,
  POST,
  SERVICE_UNAVAILABLE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import type {
  CoapEvent,
  IncomingRequest,
  Request,
  Response,
} from "../../../protocol/coap/exchange.ts";
import {
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/exchange.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import type { Option } from "../../../protocol/coap/options.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  MAX_AGE,
  textOption,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { exchangeLifetime, maxTransmitWait } from "../../../protocol/coap/parameters.ts";
import { pathOf, queryOptions } from "../../../protocol/coap/uri.ts";
import { bootstrapQuery } from "../../../protocol/lwm2m/bootstrap.ts";
import {
  SECURITY_ACCOUNT_TIMEOUT,
  SECURITY_CLIENT_HOLD_OFF_TIME,
} from "../../../protocol/model/objects/security.ts";
import { SERVER_BOOTSTRAP_TRIGGER } from "../../../protocol/model/objects/server.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import type { Agent } from "../agent.ts";
import { ANY_FORMAT } from "../management/content.ts";
import { plain } from "../management/device-management.ts";
import { NO_RESPONSE } from "../registration/registration.ts";
import type { ServerAddress } from "../server-address.ts";
import { ServerLink } from "../server-link.ts";
import { linkedInstances, SECURITY_OBJECT } from "./accounts.ts";
import {
  BOOTSTRAP_FINISH,
  bootstrapAnswer,
  bootstrapOperationOf,
  inconsistency,
  isBeginning,
  notAcceptable,
  preferredFormat,
  takePack,
} from "./bootstrap-operations.ts";
import { Preparation } from "./bootstrap-preparation.ts";
import { ASK, BootstrapSchedule, GIVE_UP, IDLE } from "./bootstrap-schedule.ts";

const BS: readonly Option[] = [textOption(URI_PATH, "bs")];
const BSPACK: readonly Option[] = [textOption(URI_PATH, "bspack")];
const NO_LINKS: readonly ServerLink[] = [];
/** Longest that a server may ask to be left alone. */
const LONGEST_PAUSE: Milliseconds = 24 * 60 * 60 * SECOND;

/** How an agent asks its bootstrap server. */
export interface BootstrapManner {
  /** `pct`: what it wants to be written to in; undefined is the shortest that it has. */
  readonly format: number | undefined;
  /** Whether it asks for a pack first (LwM2M 1.2). */
  readonly pack: boolean;
}

export const USUAL_MANNER: BootstrapManner = { format: undefined, pack: false };

export class BootstrapLink extends ServerLink {
  declare readonly agent: Agent;
  readonly manner: BootstrapManner;
  /** Links whose account is gone and whose server is told so. */
  orphans: readonly ServerLink[] = NO_LINKS;
  /** Bootstrapped since the account timeout of this account was set: it runs. */
  hasConfigured = false;
  private readonly schedule: BootstrapSchedule = new BootstrapSchedule();
  private preparation: Preparation | undefined = undefined;
  /** Begin as soon as someone knows what time it is. */
  private isWanted = false;
  /** The request under way is for a pack. */
  private isPack = false;
  /** `pct` of the next request. */
  private format: number | undefined = undefined;
  /** When the account goes (/0/x/12). */
  private purgeAt: Milliseconds = NEVER;
  /** When this link goes, whose account is gone or replaced. */
  private retireAt: Milliseconds = NEVER;

  /** @param instanceId of object 0 */
  constructor(agent: Agent, instanceId: number, address: ServerAddress, manner: BootstrapManner) {
    super(agent, instanceId, address);
    this.manner = manner;
  }

  /** True as long as this is the bootstrap server's link that counts. */
  isInForce(): boolean {
    return this.retireAt === NEVER;
  }

  /** False while nothing is under way in queue mode; LwM2M 1.0's server may come at any time. */
  override isAwake(): boolean {
    if (this.agent.configuration.queueMode !== true) return true;
    return this.schedule.state !== IDLE || !this.coap.isIdle();
  }

  // What the application and other servers want.

  /** A device that no server manages begins to bootstrap. */
  override start(now: Milliseconds): void {
    if (this.hasConfigured) this.armAccountTimeout(now);
    if (this.agent.serverLinks().length === 0) this.begin(now);
    this.settle(now);
  }

  override stop(_now: Milliseconds): void {
    this.isWanted = false;
    this.requestId = 0;
    this.preparation = undefined;
    this.schedule.handleEnd();
  }

  /** Client-initiated bootstrap, after the hold-off of /0/x/11 (§6.1.3.3). */
  begin(now: Milliseconds): void {
    const seconds = this.agent.security.get(this.instanceId, SECURITY_CLIENT_HOLD_OFF_TIME);
    this.isPack = this.manner.pack && this.version() === "1.2";
    this.format = this.manner.format;
    this.schedule.begin(now, typeof seconds === "number" && seconds > 0 ? seconds * SECOND : 0);
  }

  /** As `begin`, the next time that the agent is driven: a server executed /1/x/9. */
  trigger(): void {
    this.isWanted = true;
  }

  // Time.

  override deadline(): Milliseconds {
    if (this.isWanted || this.canDismissOrphan()) return 0;
    let at = Math.min(this.coap.deadline(), this.schedule.deadline());
    if (this.schedule.state === IDLE) at = Math.min(at, this.purgeAt);
    return this.orphans.length === 0 ? Math.min(at, this.retireAt) : at;
  }

  protected override settle(now: Milliseconds): void {
    let event = this.coap.pollEvent();
    while (event !== undefined) {
      this.handleEvent(now, event);
      event = this.coap.pollEvent();
    }
    if (this.isWanted) {
      this.isWanted = false;
      this.begin(now);
    }
    const next = this.schedule.poll(now);
    if (next === ASK) this.ask(now);
    else if (next === GIVE_UP) this.fail(now, NO_RESPONSE, "no Finish came in time", 0);
    this.dismissOrphans();
    if (now >= this.purgeAt && this.schedule.state === IDLE) this.purge(now);
    if (now >= this.retireAt && this.orphans.length === 0) this.agent.dropLink(this);
  }

  // Asking.

  private ask(now: Milliseconds): void {
    const isPack = this.isPack;
    this.preparation = new Preparation(this.agent, this.instanceId);
    this.agent.emit({ kind: "bootstrap-started", link: this });
    this.requestId = this.coap.request(now, isPack ? this.packRequest() : this.bootstrapRequest());
    if (this.requestId === 0) this.handleOutcome(now, undefined);
  }

  private bootstrapRequest(): Request {
    const query = bootstrapQuery({
      endpointName: this.agent.configuration.endpointName,
      contentFormat: this.version() === "1.0" ? undefined : this.wantedFormat(),
      account: undefined,
    });
    return { code: POST, options: BS.concat(queryOptions(query)), payload: NO_BYTES };
  }

  private packRequest(): Request {
    const account: Path[] = [[SECURITY_OBJECT, this.instanceId]];
    const query = bootstrapQuery({
      endpointName: this.agent.configuration.endpointName,
      contentFormat: undefined,
      account: account.concat(linkedInstances(this.agent, this.instanceId)),
    });
    const options = BSPACK.concat(queryOptions(query));
    const format = preferredFormat(this.agent.codecs, true);
    if (format !== undefined) options.push(uintOption(ACCEPT, format));
    return { code: GET, options: options, payload: NO_BYTES };
  }

  /** 0 asks without a format. */
  private wantedFormat(): number | undefined {
    if (this.format === WITHOUT_FORMAT) return undefined;
    return this.format === undefined ? preferredFormat(this.agent.codecs, false) : this.format;
  }

  /** The request under way was answered, or was not. */
  protected override handleOutcome(now: Milliseconds, response: Response | undefined): void {
    const code = response === undefined ? NO_RESPONSE : response.code;
    this.requestId = 0;
    if (this.isPack) {
      this.isPack = false;
      const why = this.takePack(now, response);
      // Whatever is wrong with the pack, the server has the long way too (§6.1.7.7).
      if (why !== undefined) this.ask(now);
      return;
    }
    if (code === CHANGED) {
      this.schedule.handleOperation(now, this.patience());
      return;
    }
    const wanted = this.wantedFormat();
    if (code === UNSUPPORTED_CONTENT_FORMAT && wanted !== undefined) {
      this.format = wanted === TLV ? WITHOUT_FORMAT : TLV;
      this.ask(now);
      return;
    }
    const isBusy = response !== undefined && code === SERVICE_UNAVAILABLE;
    const pause = isBusy ? uintOf(response.options, MAX_AGE, 0) * SECOND : 0;
    this.fail(now, code, code === NO_RESPONSE ? "no answer" : "refused", pause);
  }

  /** Why a pack was of no use; undefined when it is in force. */
  private takePack(now: Milliseconds, response: Response | undefined): string | undefined {
    const preparation = this.preparation;
    if (response === undefined || preparation === undefined) return "no answer";
    if (response.code !== CONTENT) return "refused";
    const format = uintOf(response.options, CONTENT_FORMAT, ANY_FORMAT);
    const why = takePack(preparation, format, response.payload);
    return why === undefined ? this.enforce(now, preparation) : why;
  }

  // What the server asks.

  protected override handleEvent(now: Milliseconds, event: CoapEvent): void {
    if (event.kind === REQUEST_RECEIVED) this.handleRequest(now, event.request);
    else if (this.requestId === 0) return;
    else if (event.kind === REQUEST_FAILED && event.id === this.requestId) {
      this.handleOutcome(now, undefined);
    } else if (event.kind === RESPONSE_RECEIVED && event.id === this.requestId) {
      this.handleOutcome(now, event.response);
    }
  }

  protected override handleRequest(now: Milliseconds, request: IncomingRequest): void {
    const operation = bootstrapOperationOf(request);
    const response = this.answer(now, operation, request);
    this.coap.respond(now, request, response);
    const preparation = this.preparation;
    this.agent.emit({
      kind: "request",
      link: this,
      operation: operation,
      path: pathOf(request.options, URI_PATH),
      code: response.code,
      error: preparation === undefined ? undefined : preparation.error,
    });
  }

  private answer(now: Milliseconds, operation: string, request: IncomingRequest): Response {
    const schedule = this.schedule;
    // Since LwM2M 1.1 a server begins by executing /1/x/9 (§6.1.3.4): whoever writes unasked is refused.
    const mayBegin = this.version() === "1.0" && isBeginning(operation) && this.isInForce();
    if (!schedule.takesOperations(mayBegin)) return plain(BAD_REQUEST);
    let preparation = this.preparation;
    if (preparation === undefined) {
      preparation = new Preparation(this.agent, this.instanceId);
      this.preparation = preparation;
      this.agent.emit({ kind: "bootstrap-started", link: this });
    }
    // A server that configures has taken our request, whatever became of its answer.
    this.requestId = 0;
    this.isPack = false;
    schedule.handleOperation(now, this.patience());
    if (operation !== BOOTSTRAP_FINISH) return bootstrapAnswer(preparation, operation, request);
    return this.finish(now, preparation, request);
  }

  /** In force before it is answered; what is not consistent may be corrected and finished again (§6.1.7.2). */
  private finish(now: Milliseconds, preparation: Preparation, request: IncomingRequest): Response {
    if (request.payload.length > 0) return plain(BAD_REQUEST);
    const why = inconsistency(preparation);
    if (why !== undefined) return notAcceptable(why);
    const fault = this.enforce(now, preparation);
    return fault === undefined ? plain(CHANGED) : notAcceptable(fault);
  }

  /** Puts a consistent configuration in force. Returns why that failed. */
  private enforce(now: Milliseconds, preparation: Preparation): string | undefined {
    const fault = this.agent.enforce(now, this, preparation);
    if (fault !== undefined) return fault;
    this.preparation = undefined;
    this.schedule.handleEnd();
    this.agent.emit({ kind: "bootstrapped", link: this });
    return undefined;
  }

  private fail(now: Milliseconds, code: number, reason: string, pause: Milliseconds): void {
    this.requestId = 0;
    this.preparation = undefined;
    this.isPack = this.manner.pack && this.version() === "1.2";
    const notBefore = Math.min(pause, LONGEST_PAUSE);
    const retryIn = this.schedule.handleFailure(now, this.agent.isRegistered(), notBefore);
    this.agent.emit({
      kind: "bootstrap-failed",
      link: this,
      code: code,
      reason: reason,
      retryIn: retryIn,
    });
  }

  /** EXCHANGE_LIFETIME (§6.1.6). */
  private patience(): Milliseconds {
    return exchangeLifetime(this.agent.configuration.settings.transmission);
  }

  // The end of accounts.

  /** The account's timeout begins (§E.1, /0/x/12): seconds; 0 or absent is never. */
  armAccountTimeout(now: Milliseconds): void {
    this.hasConfigured = true;
    const seconds = this.agent.security.get(this.instanceId, SECURITY_ACCOUNT_TIMEOUT);
    const isLimited = typeof seconds === "number" && seconds > 0;
    this.purgeAt = isLimited ? now + seconds * SECOND : NEVER;
  }

  private purge(now: Milliseconds): void {
    this.purgeAt = NEVER;
    // The last account is not given away: nothing could lead back.
    if (this.agent.serverLinks().length === 0) return;
    this.agent.purgeBootstrapAccount(now, this);
    this.agent.emit({ kind: "bootstrap-account-purged", link: this });
  }

  /** Its account is gone or another's: the answer to Finish may have to be repeated, then the link goes. */
  retire(now: Milliseconds): void {
    this.purgeAt = NEVER;
    this.retireAt = now + maxTransmitWait(this.agent.configuration.settings.transmission);
  }

  private canDismissOrphan(): boolean {
    for (let i = 0; i < this.orphans.length; i++) if (isDone(this.orphans[i])) return true;
    return false;
  }

  private dismissOrphans(): void {
    for (let i = this.orphans.length - 1; i >= 0; i--) {
      const link = this.orphans[i];
      if (!isDone(link)) continue;
      this.orphans = this.orphans.filter(function (each) {
        return each !== link;
      });
      this.agent.dropLink(link);
    }
  }

  // Of object 1, in which the bootstrap server has no instance.

  override handleAccount(_resourceId: number): void {}

  protected override wantsQueue(): boolean {
    return false;
  }
}

/** `pct` is left out. */
const WITHOUT_FORMAT = -1;

/** True when a link has nothing left to say. */
function isDone(link: ServerLink): boolean {
  return link.registration.isStopped() && link.coap.isIdle();
}

/** The link of an agent's bootstrap server; undefined without an account. */
export function bootstrapLinkOf(agent: Agent): BootstrapLink | undefined {
  for (let i = 0; i < agent.links.length; i++) {
    const link = agent.links[i];
    if (link instanceof BootstrapLink && link.isInForce()) return link;
  }
  return undefined;
}

/** Gives an instance of object 1 its Bootstrap-Request Trigger (/1/x/9, since LwM2M 1.1), or takes it away. */
export function setTrigger(agent: Agent, instanceId: number, isThere: boolean): void {
  const servers = agent.servers;
  const instance = servers.instances.get(instanceId);
  if (instance === undefined || agent.version() === "1.0") return;
  // Others of a fleet may have the same one. Nobody is told, since to whom it is told it would be an execution.
  instance.isShared = true;
  const own = instance.own();
  if (isThere) own.put(SERVER_BOOTSTRAP_TRIGGER, true);
  else own.remove(SERVER_BOOTSTRAP_TRIGGER);
  servers.instances = servers.instances.own();
  servers.instances.put(instanceId, own);
}
