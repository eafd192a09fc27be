/**
 * A small agent over TCP: `BasicAgent`, whose registrations go with their connections (docs/decisions/0026). What `Agent` has of it is in
 * agent-link.ts.
 */
import type { CoapEvent } from "../../protocol/coap/exchange.ts";
import { CONNECTION_ENDED } from "../../protocol/coap/exchange.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { DEVICE, DEVICE_BINDINGS } from "../../protocol/model/objects/device.ts";
import { SERVER_BINDING } from "../../protocol/model/objects/server.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER } from "../../protocol/time/duration.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import { addAccount, isAcceptableSetting } from "../objects/server.ts";
import type { ServerAccount } from "./basic-agent.ts";
import { BasicAgent, DEFAULT_LIFETIME_SECONDS } from "./basic-agent.ts";
import { Reconnection } from "./registration/reconnection.ts";
import { Registration } from "./registration/registration.ts";
import type { ServerAddress } from "./server-address.ts";
import { TCP } from "./server-address.ts";
import { ServerLink } from "./server-link.ts";
import { parseStreamUri } from "./stream-address.ts";

/** A registration that is to be made anew, not updated, after its connection has ended. */
class StreamRegistration extends Registration {
  /** @param at when to register again; NEVER for when an Update would have been due */
  handleDisconnected(at: Milliseconds): void {
    if (!this.isActive || this.leaveFor >= 0) return;
    this.isActive = false;
    this.failures = 0;
    this.wakeAt = Math.min(this.wakeAt, at);
  }
}

class StreamLink extends ServerLink {
  declare registration: StreamRegistration;
  private readonly reconnection: Reconnection = new Reconnection(undefined);

  constructor(agent: BasicAgent, instanceId: number, address: ServerAddress) {
    super(agent, instanceId, address);
    this.registration = new StreamRegistration();
  }

  /** The end of a connection wakes nobody. */
  override handleDatagram(now: Milliseconds, bytes: Uint8Array): void {
    if (bytes.length > 0) super.handleDatagram(now, bytes);
    else {
      this.coap.handleDatagram(now, bytes);
      this.settle(now);
    }
  }

  protected override handleEvent(now: Milliseconds, event: CoapEvent): void {
    if (event.kind !== CONNECTION_ENDED) super.handleEvent(now, event);
    else {
      if (this.observers !== undefined) this.observers.cancelAll();
      const wait = this.reconnection.handleEnd(now, this.agent.configuration.settings.random);
      const pause = Math.max(wait, event.holdOff);
      this.registration.handleDisconnected(this.isAwake() ? now + pause : NEVER);
    }
  }
}

/** The core of an agent whose servers are all reached over TCP. */
export class StreamAgent extends BasicAgent {
  /** Adds the account of a server over TCP, which /3/0/16 then names. Throws `agent/server-uri`. */
  override addServer(account: ServerAccount): ServerLink {
    const address = parseStreamUri(account.uri);
    const own = this.configuration.lifetime;
    const usual = own === undefined ? DEFAULT_LIFETIME_SECONDS : own;
    const lifetime = account.lifetime === undefined ? usual : account.lifetime;
    const instanceId = this.links.length;
    addAccount(this.servers, instanceId, account.shortServerId, lifetime, TCP);
    this.servers.onCheck = isAcceptable;
    const device = this.object(DEVICE.id);
    if (device !== undefined) device.set(0, DEVICE_BINDINGS, TCP);
    const link = new StreamLink(this, instanceId, address);
    this.links = this.links.concat(link);
    return link;
  }
}

/** The one transport there is is TCP. */
function isAcceptable(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  value: Value,
): boolean {
  if (resourceId === SERVER_BINDING) return value === TCP;
  return isAcceptableSetting(object, instanceId, resourceId, value);
}
