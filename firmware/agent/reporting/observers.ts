/**
 * What one server observes, and the attributes it has set (LwM2M Core 1.1.1 §5.1.2, §6.4). Made when the server first needs it. What
 * attributes mean is notification-attributes.ts.
 */

import { equalBytes } from "../../../protocol/bytes/equal.ts";
import { isSuccess } from "../../../protocol/coap/codes.ts";
import type { Option } from "../../../protocol/coap/options.ts";
import { OBSERVE, uintOption } from "../../../protocol/coap/options.ts";
import type { Attributes } from "../../../protocol/model/attributes.ts";
import { NO_ATTRIBUTES } from "../../../protocol/model/attributes.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER } from "../../../protocol/time/duration.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { Content } from "../management/content.ts";
import { contentResponse } from "../management/content.ts";
import { readingAt } from "../management/object-tree.ts";
import type { ServerLink } from "../server-link.ts";
import type { Observation } from "./notification.ts";

/** Observations per server; a further one is answered as a plain Read (RFC 7641 §4.1). */
const MAX_OBSERVATIONS = 64;
/** Sequence numbers have 24 bits (RFC 7641 §4.4). */
const SEQUENCE_MASK = 0xffffff;

const NO_OBSERVATIONS: readonly Observation[] = [];
const NO_ATTRIBUTE_SETS: readonly AttributeSet[] = [];

/** The attributes of one path. */
export interface AttributeSet {
  readonly path: Path;
  attributes: Attributes;
}

export class Observers {
  protected readonly link: ServerLink;
  observations: readonly Observation[] = NO_OBSERVATIONS;
  /** What this server has set by Write-Attributes. */
  attributeSets: readonly AttributeSet[] = NO_ATTRIBUTE_SETS;
  protected defaults: Attributes = NO_ATTRIBUTES;
  /** Of the last notification of all. */
  sequence = 0;

  constructor(link: ServerLink, defaults: Attributes) {
    this.link = link;
    this.defaults = defaults;
  }

  /** When the next notification must go out. */
  deadline(): Milliseconds {
    let at = NEVER;
    for (let i = 0; i < this.observations.length; i++) {
      at = Math.min(at, this.observations[i].deadline());
    }
    return at;
  }

  // What changes on the device.

  handleValue(object: LwM2mObject, instanceId: number, resourceId: number): void {
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      const path = observation.path;
      if (path[0] !== object.definition.id) continue;
      if (path.length > 1 && path[1] !== instanceId) continue;
      if (path.length > 2 && path[2] !== resourceId) continue;
      const reading = path.length > 2 ? readingAt(object, path) : undefined;
      observation.handleChange(reading, this.link.agent.features.attributes);
    }
  }

  /** Instances came or went. Whoever observes what is gone is told at once. */
  handleInstances(object: LwM2mObject): void {
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      const path = observation.path;
      if (path[0] !== object.definition.id) continue;
      const isGone = this.link.agent.object(path[0]) === undefined;
      if (isGone || (path.length > 1 && object.instances.get(path[1]) === undefined)) {
        observation.expire();
      } else if (path.length === 1) {
        observation.handleChange(undefined, this.link.agent.features.attributes);
      }
    }
  }

  // What the server wants.

  /**
   * Begins an observation; its first value is about to be sent as the answer.
   *
   * @returns the answer's Observe option; undefined when there are too many observations
   */
  observe(now: Milliseconds, observation: Observation, content: Content): Option | undefined {
    this.observations = this.observations.filter(function (older) {
      return !observation.replaces(older);
    });
    if (this.observations.length >= MAX_OBSERVATIONS) return undefined;
    this.observations = this.observations.concat(observation);
    this.applyAttributes(this.defaults);
    observation.handleSent(now, content.reading, true);
    return this.nextSequence();
  }

  /** Ends the observation under this token, if there is one. */
  cancel(token: Uint8Array): void {
    this.observations = this.observations.filter(function (observation) {
      return !equalBytes(observation.token, token);
    });
  }

  /** A new registration: the server has to observe anew (LwM2M Core 1.1.1 §6.4.3). Attributes stay. */
  cancelAll(): void {
    this.observations = NO_OBSERVATIONS;
  }

  /** Gives every observation the attributes that hold for it, with these defaults for pmin and pmax. */
  applyAttributes(defaults: Attributes): void {
    const rules = this.link.agent.features.attributes;
    this.defaults = defaults;
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      const holding = rules === undefined ? defaults : rules.holding(this, observation, defaults);
      observation.setAttributes(holding);
    }
  }

  /** After `attributeSets` changed. */
  handleAttributes(): void {
    this.applyAttributes(this.defaults);
  }

  // What goes out.

  /**
   * Sends every notification that is due. An error, such as 4.04 for what is gone, ends its observation.
   *
   * @param confirmable whether the first of them is to be Confirmable, and the others
   * @returns true when one was sent
   */
  notify(now: Milliseconds, isFirstConfirmable: boolean, areConfirmable: boolean): boolean {
    let confirmable = isFirstConfirmable;
    let hasSent = false;
    const observations = this.observations;
    for (let i = 0; i < observations.length; i++) {
      const observation = observations[i];
      if (now < observation.deadline()) continue;
      const content = observation.read(this.link, observation);
      const isGood = isSuccess(content.code);
      const confirm = confirmable || !isGood || observation.isConfirmationDue(now);
      const response = contentResponse(content, this.nextSequence());
      this.link.coap.notify(now, observation.token, response, confirm);
      observation.handleSent(now, content.reading, confirm);
      if (!isGood) this.cancel(observation.token);
      confirmable = areConfirmable;
      hasSent = true;
    }
    return hasSent;
  }

  protected nextSequence(): Option {
    this.sequence = (this.sequence + 1) & SEQUENCE_MASK;
    return uintOption(OBSERVE, this.sequence);
  }
}
