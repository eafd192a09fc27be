/**
 * One LwM2M client of the harness in its bootstrap phase: an object tree that a Bootstrap-Server discovers, reads, deletes and writes
 * (LwM2M Core 1.1.1 §6.1.7), unless the case at hand says otherwise.
 */
import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { blockOption, decodeBlock } from "../../protocol/coap/block.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  DELETE,
  DELETED,
  GET,
  isRequest,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  POST,
  PUT,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../protocol/coap/content-formats.ts";
import type { Message } from "../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK1,
  CONTENT_FORMAT,
  findOption,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { parsePath } from "../../protocol/model/path.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { accountFaults } from "./bootstrap-accounts.ts";
import type { Version } from "./case.ts";
import { decodeValues, formatBytes } from "./content.ts";
import {
  type Answer,
  type ClientReaction,
  type Downlink,
  ScriptedClient,
} from "./scripted-client.ts";

const ABSENT = -1;
/** What a Bootstrap-Read may ask for (LwM2M Core 1.1.1 §6.1.7). */
const READABLE = ["1", "2"];
/** Instances of these objects belong to an account, which a Discover names by `ssid`. */
const OF_ACCOUNTS = ["0", "1", "21"];

/** A message of the server's as it came, block by block. */
export interface Heard {
  readonly at: Milliseconds;
  readonly message: Message;
  readonly path: string;
}

export class BootstrapClient extends ScriptedClient {
  /** Answers instead of the tree; "silence" withholds the answer, undefined leaves it to the tree. */
  special: ((downlink: Downlink) => Answer | "silence" | undefined) | undefined = undefined;
  /** Requests that get lost on their way: the client does not know of them. */
  loses: ((message: Message) => boolean) | undefined = undefined;
  /** Bytes of a block that it asks for when a body comes in larger ones. */
  blockSize: number | undefined = undefined;
  /** All requests that have come, each copy and each block. */
  readonly heard: Heard[] = [];
  /** The instances of the account at the Bootstrap-Server, which no Delete removes. */
  bootstrapAccount: readonly string[] = ["/0/1"];
  /** By instance path the server that it belongs to, where no value says. */
  readonly owners = new Map<string, number>();
  private readonly version: Version;
  private readonly number: number;

  /** @param client its number among the harness's clients */
  constructor(client: number, version: Version, messageIds = 0) {
    super(client, messageIds);
    this.number = client;
    this.version = version;
    this.answer = (downlink) => this.special?.(downlink) ?? this.obey(downlink);
  }

  override handle(at: Milliseconds, message: Message): ClientReaction {
    if (!isRequest(message.code)) return super.handle(at, message);
    const path = pathOf(message.options, URI_PATH);
    this.heard.push({ at, message, path });
    if (this.loses?.(message) === true) {
      const token = formatBytes(message.token);
      const downlink = { at, client: this.number, message, path, token, isRepeated: false };
      return { downlink, response: undefined, replies: [] };
    }
    const reaction = super.handle(at, message);
    return { ...reaction, replies: reaction.replies.map((reply) => this.smaller(reply)) };
  }

  /** What the tree answers, and what becomes of it. */
  obey({ message, path }: Downlink): Answer {
    if (path !== "/bs" && parsePath(path) === undefined) return { code: METHOD_NOT_ALLOWED };
    switch (message.code) {
      case GET:
        return uintOf(message.options, ACCEPT, ABSENT) === LINK_FORMAT
          ? this.discover()
          : this.bootstrapRead(path, uintOf(message.options, ACCEPT, ABSENT));
      case PUT:
        return this.write(message, path);
      case DELETE:
        return this.remove(path);
      case POST:
        return path === "/bs" ? this.finish() : { code: METHOD_NOT_ALLOWED };
      default:
        return { code: METHOD_NOT_ALLOWED };
    }
  }

  /** The instances that there are, as paths. */
  instances(): string[] {
    const found = new Set(this.bootstrapAccount);
    for (const path of this.values.keys()) found.add(instanceOf(path));
    return [...found].sort();
  }

  private discover(): Answer {
    const links = this.instances().map((path) => `<${path}>${this.attributesOf(path)}`);
    const payload = encodeUtf8([`</>;lwm2m=${this.version}`, ...links].join(","));
    return { code: CONTENT, options: [uintOption(CONTENT_FORMAT, LINK_FORMAT)], payload };
  }

  private attributesOf(path: string): string {
    const [, objectId] = path.split("/");
    if (!OF_ACCOUNTS.includes(objectId) || this.bootstrapAccount.includes(path)) return "";
    const value = this.values.get(objectId === "0" ? `${path}/10` : `${path}/0`);
    const shortServerId = this.owners.get(path) ?? value;
    const uri = objectId === "0" ? this.values.get(`${path}/0`) : undefined;
    return `;ssid=${shortServerId}${uri === undefined ? "" : `;uri="${uri}"`}`;
  }

  private bootstrapRead(path: string, accept: number): Answer {
    if (!READABLE.includes(path.split("/")[1])) return { code: METHOD_NOT_ALLOWED };
    return this.read(path, accept);
  }

  private write(message: Message, path: string): Answer {
    const format = uintOf(message.options, CONTENT_FORMAT, ABSENT);
    const values = decodeValues(format === ABSENT ? undefined : format, message.payload, path);
    if (typeof values === "string") {
      const isUnknown = values.startsWith("the payload is in ");
      return { code: isUnknown ? UNSUPPORTED_CONTENT_FORMAT : BAD_REQUEST };
    }
    if (path.split("/").length === 3) this.forget(path);
    for (const [at, value] of values) this.values.set(at, value as Value);
    return { code: CHANGED };
  }

  private remove(path: string): Answer {
    for (const instance of this.instances()) {
      const isMeant = path === "/" || instance === path || instance.startsWith(`${path}/`);
      const stays = this.bootstrapAccount.includes(instance) || instance === "/3/0";
      if (isMeant && !stays) this.forget(instance);
    }
    return { code: DELETED };
  }

  private finish(): Answer {
    const faults = accountFaults(this.values);
    return {
      code: Object.values(faults).every((fault) => fault === "") ? CHANGED : NOT_ACCEPTABLE,
    };
  }

  private forget(instance: string): void {
    for (const path of [...this.values.keys()]) {
      if (path.startsWith(`${instance}/`)) this.values.delete(path);
    }
  }

  /** An answer to a first block that asks for the others in a smaller size (RFC 7959 §2.5, figure 10). */
  private smaller(reply: Message): Message {
    const option = findOption(reply.options, BLOCK1);
    const block = option === undefined ? undefined : decodeBlock(option.value);
    const size = this.blockSize;
    if (block === undefined || isMalformed(block) || size === undefined) return reply;
    if (block.num > 0 || block.size <= size) return reply;
    const options = reply.options.map((one) =>
      one === option ? blockOption(BLOCK1, 0, block.more, size) : one,
    );
    return { ...reply, options };
  }
}

/** `/0/1` of `/0/1/5`. */
export function instanceOf(path: string): string {
  return path.split("/").slice(0, 3).join("/");
}
