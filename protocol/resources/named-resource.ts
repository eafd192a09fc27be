/**
 * Named resources: plain CoAP resources beside the LwM2M tree, as mbed devices have them (`/actuator/0/speed`). They are listed
 * in the registration with their link attributes (RFC 6690 §3, RFC 7252 §7.2.1, RFC 7641 §6).
 */
import { encodeUtf8 } from "../bytes/utf8.ts";
import { TEXT } from "../coap/content-formats.ts";
import type { Link, LinkAttribute } from "../coap/link-format.ts";

/** What a server may do with a named resource, as bits. Reading and observing need a value or `onRead`. */
export const PUT_ALLOWED = 1;
export const POST_ALLOWED = 2;
export const DELETE_ALLOWED = 4;

export interface NamedResourceOptions {
  /** Resource type `rt`, for example "5850". */
  readonly type?: string;
  /** Interface description `if`. */
  readonly interface?: string;
  /** Content-Format; listed as `ct` when given, else taken as text and not listed. */
  readonly format?: number;
  readonly observable?: boolean;
  readonly value?: NamedValue;
  /** PUT_ALLOWED, POST_ALLOWED, DELETE_ALLOWED; default PUT_ALLOWED. */
  readonly allowed?: number;
  /** Seconds for which a read value may be cached; default 0. */
  readonly maxAge?: number;
}

export type NamedValue = string | number | Uint8Array;

export class NamedResource {
  /** With a leading slash. */
  readonly path: string;
  readonly options: NamedResourceOptions;
  /** Change it with `set`, so that observers hear of it. */
  value: NamedValue | undefined;
  /** Supplies the value at each read, instead of `value`. */
  onRead: ((resource: NamedResource) => NamedValue) | undefined = undefined;
  /** A server's PUT. Returns true when it may become the value, else it is refused with 4.00. */
  onWrite: ((resource: NamedResource, value: NamedValue) => boolean) | undefined = undefined;
  /** A server's POST; the payload as it came. What it returns is the answer's payload. */
  onExecute:
    | ((resource: NamedResource, payload: Uint8Array) => NamedValue | undefined)
    | undefined = undefined;
  /** Set by the agent that has this resource. */
  listener: { handleNamedValue(resource: NamedResource): void } | undefined = undefined;

  constructor(path: string, options: NamedResourceOptions) {
    this.path = path;
    this.options = options;
    this.value = options.value;
  }

  set(value: NamedValue): void {
    if (value === this.value) return;
    this.value = value;
    if (this.listener !== undefined) this.listener.handleNamedValue(this);
  }

  /** The value in bytes; undefined when this resource cannot be read. */
  content(): Uint8Array | undefined {
    const value = this.onRead === undefined ? this.value : this.onRead(this);
    return value === undefined ? undefined : namedContent(value);
  }

  isAllowed(method: number): boolean {
    const allowed = this.options.allowed === undefined ? PUT_ALLOWED : this.options.allowed;
    return (allowed & method) !== 0;
  }

  format(): number {
    return this.options.format === undefined ? TEXT : this.options.format;
  }

  link(): Link {
    const options = this.options;
    const attributes: LinkAttribute[] = [];
    if (options.type !== undefined) attributes.push({ name: "rt", value: options.type });
    if (options.interface !== undefined) attributes.push({ name: "if", value: options.interface });
    if (options.format !== undefined) attributes.push({ name: "ct", value: `${options.format}` });
    if (options.observable === true) attributes.push({ name: "obs", value: undefined });
    return { uri: this.path, attributes: attributes };
  }
}

/** Text as UTF-8, a number as its decimal text, bytes as they are. */
export function namedContent(value: NamedValue): Uint8Array {
  return value instanceof Uint8Array ? value : encodeUtf8(`${value}`);
}
