/**
 * What a procedure that judges a Bootstrap-Server works with: raw clients that ask to be bootstrapped on one side, whoever configures the
 * server on the other, time between them, and the verdict.
 */
import { CHANGED, formatCode, GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { ACK, CON, type Message, NO_BYTES, NO_OPTIONS } from "../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  type Option,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { parsePath } from "../../protocol/model/path.ts";
import { type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
import { ACCOUNT } from "./bootstrap-accounts.ts";
import { BootstrapClient } from "./bootstrap-client.ts";
import type {
  BootstrapOutcome,
  BootstrapPlan,
  BootstrapServerUnderTest,
} from "./bootstrap-under-test.ts";
import type { Version } from "./case.ts";
import { decodeValues, formatBytes } from "./content.ts";
import { wordsOf } from "./harness.ts";
import { Ended } from "./judging.ts";
import type { Answer, Downlink } from "./scripted-client.ts";
import { ServerBench } from "./server-bench.ts";

/** How long a server may take for its next request when the one before is answered. */
export const STEP_PATIENCE: Milliseconds = 10 * SECOND;
/** How long it is watched whether something follows where nothing may. */
export const QUIET_PERIOD: Milliseconds = 5 * SECOND;
/** How long the operator may take to hear of an end. */
const OUTCOME_PATIENCE: Milliseconds = 10 * SECOND;
const ABSENT = -1;

/** What a server asked of a client, from its Bootstrap-Request on. */
export interface Session {
  /** In the order in which they came, each once, bodies whole. */
  readonly requests: readonly Downlink[];
  readonly isFinished: boolean;
}

export class BootstrapBench<Criterion extends string = string> extends ServerBench<Criterion> {
  declare readonly server: BootstrapServerUnderTest;
  private isConfigured = false;

  constructor(server: BootstrapServerUnderTest, version: Version, endpointName: string) {
    super(server, version, endpointName);
    this.clients[0] = new BootstrapClient(0, version, server.messageIds);
  }

  override get client(): BootstrapClient {
    return this.clients[0] as BootstrapClient;
  }

  /** Another raw client that asks to be bootstrapped, with an address of its own. */
  override addClient(): number {
    this.clients.push(
      new BootstrapClient(this.clients.length, this.version, this.server.messageIds),
    );
    return this.clients.length - 1;
  }

  clientAt(number: number): BootstrapClient {
    return this.clients[number] as BootstrapClient;
  }

  // What the operator does.

  /** True when what the server writes is what a case asked for. */
  get canConfigure(): boolean {
    return this.server.bootstrap.claims.abilities.includes("configure");
  }

  /** The endpoint is given this. Where nobody can configure it, it is given whatever it is. */
  async givenConfigured(plan: BootstrapPlan = ACCOUNT): Promise<void> {
    const { bootstrap } = this.server;
    if (!this.canConfigure) return;
    this.step(`the operator configures ${this.endpointName}: ${wordsOfPlan(plan)}`);
    this.isConfigured = true;
    try {
      await bootstrap.configure(this.endpointName, plan);
    } catch (error) {
      throw new Ended("not run", `it cannot be configured so: ${wordsOf(error)}`, undefined);
    }
  }

  /** From now on there is nothing for the endpoint. */
  async givenRemoved(): Promise<void> {
    this.step(`the operator removes what is configured for ${this.endpointName}`);
    this.isConfigured = false;
    await this.server.bootstrap.remove(this.endpointName);
  }

  /** Leaves nothing with the operator. */
  async tidy(): Promise<void> {
    if (!this.isConfigured) return;
    // The verdict is given: what goes wrong now is nothing of it.
    await this.server.bootstrap.remove(this.endpointName).catch(() => {});
  }

  /** How the bootstrap ended, or undefined when the operator hears nothing of an end in time. */
  async outcome(patience = OUTCOME_PATIENCE): Promise<BootstrapOutcome | undefined> {
    const { bootstrap } = this.server;
    let found: BootstrapOutcome | undefined;
    await this.waitFor(async () => {
      found = await bootstrap.outcome(this.endpointName);
      return found !== undefined;
    }, this.now() + patience);
    return found;
  }

  // What the raw clients do.

  /** Sends a Bootstrap-Request and waits for its answer. */
  ask(query: readonly string[] = [], client = 0): Promise<Message | undefined> {
    return this.exchange(this.bootstrapRequest(query, client), client);
  }

  /** A Bootstrap-Request in the endpoint's name, unless the query has another. */
  bootstrapRequest(query: readonly string[] = [], client = 0): Message {
    const isNamed = query.some((one) => one.startsWith("ep"));
    const whole = isNamed ? query : [`ep=${this.endpointName}`, ...query];
    return this.compose(POST, "/bs", { query: whole, client });
  }

  /** Asks to be bootstrapped, as most clients do: what other criteria build on. */
  async givenBegun(query: readonly string[] = []): Promise<void> {
    this.step("the client asks to be bootstrapped");
    const answer = await this.ask(query);
    const code = answer === undefined ? "nothing" : formatCode(answer.code);
    this.given(answer?.code === CHANGED, `Bootstrap-Request was answered by ${code}, not by 2.04`);
  }

  /** Sends a Bootstrap-Pack-Request and waits for its answer. @param more options besides path and query */
  askPack(
    query: readonly string[],
    accept: number | undefined,
    more: readonly Option[] = NO_OPTIONS,
    client = 0,
  ): Promise<Message | undefined> {
    const options = [...pathOptions(URI_PATH, "/bspack"), ...queryOptions(query), ...more];
    if (accept !== undefined) options.push(uintOption(ACCEPT, accept));
    const message: Message = {
      type: CON,
      code: GET,
      messageId: this.clients[client].messageId(),
      token: this.clients[client].token(),
      options: options.sort((one, other) => one.number - other.number),
      payload: NO_BYTES,
    };
    return this.exchange(message, client);
  }

  /** Lets the server go on until it has finished, or has asked nothing for a while. */
  async follow(patience = STEP_PATIENCE, client = 0): Promise<Session> {
    const requests: Downlink[] = [];
    for (;;) {
      const next = await this.nextRequest(patience, client);
      if (next === undefined) return { requests, isFinished: false };
      requests.push(next);
      if (isFinish(next)) return { requests, isFinished: true };
    }
  }

  /** As `follow`, where what is judged needs a bootstrap that went well. */
  async givenFinished(patience = STEP_PATIENCE): Promise<Session> {
    const session = await this.follow(patience);
    this.given(session.isFinished, `no Finish came, after ${describe(session)}`);
    return session;
  }

  /** The next request that did not come before; undefined when none came for so long. */
  async nextRequest(patience = STEP_PATIENCE, client = 0): Promise<Downlink | undefined> {
    const isNew = (one: Downlink) => one.client === client && !one.isRepeated;
    return this.next(this.now() + patience, isNew);
  }

  /** What comes where nothing may. */
  async unexpected(period = QUIET_PERIOD, client = 0): Promise<Downlink | undefined> {
    return this.nextRequest(period, client);
  }

  /** Answers a request that was met with silence. */
  async reply({ message, client }: Downlink, { code, options, payload }: Answer): Promise<void> {
    await this.send(
      {
        type: ACK,
        code,
        messageId: message.messageId,
        token: message.token,
        options: options ?? NO_OPTIONS,
        payload: payload ?? NO_BYTES,
      },
      client,
    );
  }
}

export function isFinish({ message, path }: Downlink): boolean {
  return message.code === POST && path === "/bs";
}

export function isWrite({ message }: Downlink): boolean {
  return message.code === PUT;
}

/** The Content-Format of a Write, -1 when it has none. */
export function formatOf({ message }: Downlink): number {
  return uintOf(message.options, CONTENT_FORMAT, ABSENT);
}

/** All that was written, each value by its path; or what is wrong with a payload, as a sentence. */
export function writtenIn({ requests }: Session): ReadonlyMap<string, Value> | string {
  const written = new Map<string, Value>();
  for (const request of requests.filter(isWrite)) {
    if (parsePath(request.path) === undefined) return `Write of ${request.path}: that is no path`;
    const format = formatOf(request);
    const { payload } = request.message;
    const values = decodeValues(format === ABSENT ? undefined : format, payload, request.path);
    if (typeof values === "string") return `Write of ${request.path}: ${values}`;
    for (const [path, value] of values) written.set(path, value);
  }
  return written;
}

/** `DELETE /0, PUT /0/0`. */
export function describe({ requests }: Session): string {
  return requests.length === 0 ? "nothing" : requests.map(nameOf).join(", ");
}

const METHODS = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"];

/** `PUT /0/0`. */
export function nameOf({ message, path }: Pick<Downlink, "message" | "path">): string {
  return `${METHODS[message.code] ?? formatCode(message.code)} ${path}`;
}

/** Tells copies of one message from others. */
export function idOf({ messageId, token }: Message): string {
  return `${messageId} ${formatBytes(token)}`;
}

function wordsOfPlan({ values, deletes, discovers, reads = [] }: BootstrapPlan): string {
  const instances = new Set(
    Object.keys(values).map((path) => path.split("/").slice(0, 3).join("/")),
  );
  const words = [
    ...(discovers === true ? ["discover"] : []),
    ...reads.map((path) => `read ${path}`),
    ...deletes.map((path) => `delete ${path}`),
    ...[...instances].map((path) => `write ${path}`),
  ];
  return words.join(", ");
}
