/**
 * The Bootstrap-Server as operators have it: the configurations, what became of bootstraps, and the word to bootstrap a device now.
 *
 * A device is made to ask by Execute of Bootstrap-Request Trigger, /1/x/9, which waits in its queue like any other request (LwM2M Core
 * 1.2.2 §6.1.3.4); one of LwM2M 1.0, which has no such resource, is sent its configuration without having asked.
 */
import { POST } from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import { SERVER_BOOTSTRAP_TRIGGER } from "../../protocol/model/objects/server.ts";
import { parsePath } from "../../protocol/model/path.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { refusal } from "../access/domains.ts";
import {
  type ConnectorEvent,
  type Devices,
  GONE,
  NOT_ALLOWED,
  type Refused,
  type ResponseEvent,
} from "../contract.ts";
import type { Registration } from "../registry/registration.ts";
import { type AccountsSurroundings, BootstrapAccounts } from "./accounts.ts";
import { Outcomes } from "./outcomes.ts";

/** What of the running connector is needed; not there while it starts. */
export interface BootstrapReach {
  readonly devices: Devices;
  /** Sends a device of LwM2M 1.0 its configuration. False when there is nothing to send, or no room. */
  push(endpointName: string): boolean;
}

/** How a device is bootstrapped. */
export type Begun = { readonly how: "trigger"; readonly path: string } | { readonly how: "push" };

const SERVER = 1;
const MOST_TRIGGERS = 10_000;

export class BootstrapSide {
  readonly accounts: BootstrapAccounts;
  readonly outcomes: Outcomes;
  /** The connector answers /bs itself. */
  readonly isServing: boolean;
  private readonly calendarNow: () => number;
  private reach: BootstrapReach | undefined = undefined;
  /** Triggers under way: the request's id -> when it was accepted. */
  private readonly triggers = new Map<string, number>();

  constructor(surroundings: AccountsSurroundings, isServing: boolean) {
    this.accounts = new BootstrapAccounts(surroundings);
    this.outcomes = new Outcomes(surroundings.store, surroundings.calendarNow, (endpointName) =>
      this.accounts.domainOf(endpointName),
    );
    this.calendarNow = surroundings.calendarNow;
    this.isServing = isServing;
  }

  /** The connector runs from now on. */
  connect(reach: BootstrapReach): void {
    this.reach = reach;
  }

  /** A device has been given to another domain. */
  handleMove(endpointName: string): void {
    this.accounts.handleMove(endpointName);
    this.outcomes.handleMove(endpointName);
  }

  /** Takes what happened on the devices' side. */
  handleEvent(event: ConnectorEvent): void {
    switch (event.kind) {
      case "bootstrap-started":
      case "bootstrap-finished":
      case "bootstrap-failed":
        this.outcomes.handleEvent(event);
        break;
      case "response":
        this.handleTriggered(event);
        break;
    }
  }

  /**
   * Bootstraps a registered device now.
   *
   * @param instanceId of Server, where the device has several
   * @param expiresIn how long it may wait for a device that sleeps
   * @throws Error with code `access/not-found` or `access/conflict` that says what to do
   */
  begin(endpointName: string, instanceId: number | undefined, expiresIn: Milliseconds): Begun {
    const registration = this.reach?.devices.registration(endpointName);
    if (this.reach === undefined || registration === undefined) {
      throw refusal("access/conflict", `The device ${endpointName} is not registered.`);
    }
    if (registration.version === undefined) {
      throw refusal("access/conflict", "This is no LwM2M device: it cannot be bootstrapped.");
    }
    if (registration.version === "1.0") return this.push(this.reach, endpointName);
    const path = `/${SERVER}/${serverInstanceOf(registration, instanceId)}/${SERVER_BOOTSTRAP_TRIGGER}`;
    const submission = this.reach.devices.submit(endpointName, {
      method: POST,
      path,
      payload: NO_BYTES,
      confirmable: true,
      expiresIn,
    });
    if ("refusal" in submission) {
      throw refusal("access/conflict", whyRefused(submission, endpointName, path));
    }
    if (this.triggers.size < MOST_TRIGGERS) this.triggers.set(submission.id, this.calendarNow());
    return { how: "trigger", path };
  }

  private push(reach: BootstrapReach, endpointName: string): Begun {
    if (reach.push(endpointName)) return { how: "push" };
    throw refusal(
      "access/conflict",
      this.isServing
        ? `There is no bootstrap configuration for ${endpointName}, or no room for another bootstrap now.`
        : "A device of LwM2M 1.0 can only be bootstrapped by a connector that is a Bootstrap-Server (--bootstrap).",
    );
  }

  /** A device that does as it was told is heard of by its Bootstrap-Request; one that does not, only here. */
  private handleTriggered({ id, endpointName, path, status, error }: ResponseEvent): void {
    const acceptedAt = this.triggers.get(id);
    if (acceptedAt === undefined) return;
    this.triggers.delete(id);
    if (error === undefined) return;
    const now = this.calendarNow();
    this.outcomes.add(endpointName, {
      endedAt: now,
      took: Math.max(0, now - acceptedAt),
      via: "trigger",
      outcome: "failed",
      reason: `${path} was answered ${status}: ${error}`,
      address: "",
      source: "",
      steps: 0,
      found: {},
    });
  }
}

/** Why a trigger was not taken, and what to do. */
function whyRefused(refused: Refused, endpointName: string, path: string): string {
  switch (refused.refusal) {
    case GONE:
      return `The device ${endpointName} is not registered.`;
    case NOT_ALLOWED:
      return `The registration of ${endpointName} does not allow Execute of ${path}: ${refused.reason}.`;
    default:
      return `Too many requests wait for ${endpointName}.`;
  }
}

/** The instance of Server whose trigger is meant. */
function serverInstanceOf({ links }: Registration, wanted: number | undefined): number {
  const ids = links.flatMap(({ uri }) => {
    const path = parsePath(uri);
    return path?.length === 2 && path[0] === SERVER ? [path[1]] : [];
  });
  if (wanted !== undefined) {
    if (ids.length === 0 || ids.includes(wanted)) return wanted;
    throw refusal("access/conflict", `The device has no /1/${wanted}, only ${named(ids)}.`);
  }
  if (ids.length > 1) {
    throw refusal("access/conflict", `The device has ${named(ids)}: say which with instance.`);
  }
  return ids[0] ?? 0;
}

function named(ids: readonly number[]): string {
  return ids.map((id) => `/1/${id}`).join(" and ");
}
