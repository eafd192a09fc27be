/**
 * What a kind of device is, as data: its objects and resources, their first values, and how they change.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Behaviour } from "../behaviours/behaviour.ts";

export interface Profile {
  readonly name: string;
  /** One line for the command's help. */
  readonly about: string;
  /** mbed's endpoint type, `et` in the registration. */
  readonly endpointType?: string;
  /** Registration lifetime, seconds. */
  readonly lifetime: number;
  readonly version: "1.0" | "1.1" | "1.2";
  readonly queueMode: boolean;
  /** Object 1 is every agent's own. */
  readonly objects: readonly ProfileObject[];
  /** Plain CoAP resources beside the objects. */
  readonly resources: readonly ProfileResource[];
  readonly changes: readonly Change[];
  /** What it sends without being asked; its account then lets it (/1/x/23 false), as a bootstrap server would. */
  readonly sends?: Sending;
}

/** A periodic Send (LwM2M Core 1.2.2 §6.4.6). */
export interface Sending {
  readonly paths: readonly string[];
  readonly every: Milliseconds;
}

export interface ProfileObject {
  readonly definition: ObjectDefinition;
  /** The values of instances 0, 1, 2, by resource id; an array gives resource instances 0, 1, 2. */
  readonly instances: readonly Readonly<Record<number, Value | readonly Value[]>>[];
}

export interface ProfileResource {
  /** With a leading slash, `/led/1/state`. */
  readonly path: string;
  /** Link attribute `rt`. */
  readonly type?: string;
  readonly observable: boolean;
  readonly value: string | number;
}

/** A value that changes by itself. */
export interface Change {
  /** A resource of an object instance, `/3303/0/5700`, or the path of a named resource. */
  readonly path: string;
  readonly every: Milliseconds;
  readonly behaviour: Behaviour;
}
