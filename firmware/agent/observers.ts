/**
 * What one server observes, and the attributes it has set (LwM2M Core 1.1.1 §5.1.2, §6.4). Made when the server first needs it.
 *
 * Precedence of attributes: the Observe's own query, then resource instance, resource, object instance, object, then for pmin
 * and pmax /1/x/2 and /1/x/3. What is set below the observed path does not count for that observation.
 */

import { equalBytes } from "../../protocol/bytes/equal.ts";
import type { CoapEndpoint } from "../../protocol/coap/coap-endpoint.ts";
import { isSuccess } from "../../protocol/coap/codes.ts";
import type { Option } from "../../protocol/coap/options.ts";
import { OBSERVE, uintOption } from "../../protocol/coap/options.ts";
import type { Attributes } from "../../protocol/model/attributes.ts";
import { NO_ATTRIBUTES } from "../../protocol/model/attributes.ts";
import type { Path } from "../../protocol/model/path.ts";
import { isWithin } from "../../protocol/model/path.ts";
import type { NamedResource } from "../../protocol/resources/named-resource.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER } from "../../protocol/time/duration.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import type { Agent } from "./agent.ts";
import type { Content } from "./content.ts";
import { contentAt, contentOfNamed, contentResponse } from "./content.ts";
import { Observation } from "./notification.ts";
import { readingAt } from "./object-tree.ts";

/** Observations per server; a further one is answered as a plain Read (RFC 7641 §4.1). */
const MAX_OBSERVATIONS = 64;
/** Paths with attributes per server. */
const MAX_ATTRIBUTE_SETS = 64;
/** Sequence numbers have 24 bits (RFC 7641 §4.4). */
const SEQUENCE_MASK = 0xffffff;

const NO_OBSERVATIONS: readonly Observation[] = [];
const NO_ATTRIBUTE_SETS: readonly AttributeSet[] = [];

interface AttributeSet {
  readonly path: Path;
  attributes: Attributes;
}

export class Observers {
  private readonly agent: Agent;
  private readonly endpoint: CoapEndpoint;
  private observations: readonly Observation[] = NO_OBSERVATIONS;
  private attributeSets: readonly AttributeSet[] = NO_ATTRIBUTE_SETS;
  private defaults: Attributes = NO_ATTRIBUTES;
  private sequence = 0;

  constructor(agent: Agent, endpoint: CoapEndpoint, defaults: Attributes) {
    this.agent = agent;
    this.endpoint = endpoint;
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
      observation.handleChange(path.length > 2 ? readingAt(object, path) : undefined);
    }
  }

  /** A named resource has another value, or is gone. */
  handleNamed(resource: NamedResource, isGone: boolean): void {
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      if (observation.resource !== resource) continue;
      if (isGone) observation.expire();
      else observation.handleChange(undefined);
    }
  }

  /** Instances came or went. Whoever observes what is gone is told at once. */
  handleInstances(object: LwM2mObject): void {
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      const path = observation.path;
      if (path[0] !== object.definition.id) continue;
      const isGone = this.agent.object(path[0]) === undefined;
      if (isGone || (path.length > 1 && object.instances.get(path[1]) === undefined)) {
        observation.expire();
      } else if (path.length === 1) observation.handleChange(undefined);
    }
  }

  // What the server wants.

  /**
   * Begins an observation; its first value is about to be sent as the answer.
   *
   * @param own attributes from the Observe's own query
   * @returns the answer's Observe option; undefined when there are too many observations
   */
  observe(
    now: Milliseconds,
    token: Uint8Array,
    path: Path,
    resource: NamedResource | undefined,
    own: Attributes,
    content: Content,
  ): Option | undefined {
    const observation = new Observation(token, path, resource, content.format, own);
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

  /** What this server has set for exactly this path. */
  attributesAt(path: Path): Attributes {
    for (let i = 0; i < this.attributeSets.length; i++) {
      if (isSame(this.attributeSets[i].path, path)) return this.attributeSets[i].attributes;
    }
    return NO_ATTRIBUTES;
  }

  /** Replaces what this server has set for this path. False when it has set attributes on too many paths. */
  setAttributes(path: Path, attributes: Attributes): boolean {
    let at = 0;
    while (at < this.attributeSets.length && !isSame(this.attributeSets[at].path, path)) at++;
    if (at === MAX_ATTRIBUTE_SETS) return false;
    if (at < this.attributeSets.length) this.attributeSets[at].attributes = attributes;
    else this.attributeSets = this.attributeSets.concat({ path: path, attributes: attributes });
    this.applyAttributes(this.defaults);
    return true;
  }

  /** Gives every observation the attributes that hold for it, with these defaults for pmin and pmax. */
  applyAttributes(defaults: Attributes): void {
    this.defaults = defaults;
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      const attributes = this.attributesFor(observation.path, defaults);
      observation.setAttributes(override(attributes, observation.own));
    }
  }

  /** What holds at a path: what this server has set for it, else above it, else these defaults. */
  attributesFor(path: Path, defaults: Attributes): Attributes {
    let attributes = defaults;
    for (let depth = 1; depth <= path.length; depth++) {
      attributes = override(attributes, this.attributesAt(path.slice(0, depth)));
    }
    return attributes;
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
      const resource = observation.resource;
      const content =
        resource === undefined
          ? contentAt(this.agent, observation.path, observation.format)
          : contentOfNamed(resource, observation.format);
      const isGood = isSuccess(content.code);
      const confirm = confirmable || !isGood || observation.isConfirmationDue(now);
      const response = contentResponse(content, this.nextSequence());
      this.endpoint.notify(now, observation.token, response, confirm);
      observation.handleSent(now, content.reading, confirm);
      if (!isGood) this.cancel(observation.token);
      confirmable = areConfirmable;
      hasSent = true;
    }
    return hasSent;
  }

  private nextSequence(): Option {
    this.sequence = (this.sequence + 1) & SEQUENCE_MASK;
    return uintOption(OBSERVE, this.sequence);
  }
}

/** `upper` where it says something, else `lower`. */
function override(lower: Attributes, upper: Attributes): Attributes {
  if (upper === NO_ATTRIBUTES) return lower;
  return {
    pmin: upper.pmin === undefined ? lower.pmin : upper.pmin,
    pmax: upper.pmax === undefined ? lower.pmax : upper.pmax,
    gt: upper.gt === undefined ? lower.gt : upper.gt,
    lt: upper.lt === undefined ? lower.lt : upper.lt,
    st: upper.st === undefined ? lower.st : upper.st,
  };
}

function isSame(a: Path, b: Path): boolean {
  return a.length === b.length && isWithin(a, b);
}
