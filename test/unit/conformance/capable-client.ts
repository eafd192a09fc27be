/**
 * A client that can do all that cases ask for: our agent, and around it, plainly, what our agent cannot do. It is there so that every
 * case is run before there is a client to judge by it.
 */

import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CHANGED,
  CREATED,
  FETCH,
  IPATCH,
  isRequest,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../protocol/coap/content-formats.ts";
import { CON, decodeMessage, encodeMessage, type Message } from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
} from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import { type InProcessOptions, inProcessAdapter } from "../../conformance/adapters/in-process.ts";
import { FEATURES } from "../../conformance/case.ts";
import type {
  Arrival,
  ClientAdapter,
  ClientSetup,
  ClientUnderTest,
} from "../../conformance/client-under-test.ts";
import { serverCountOf } from "../../conformance/configurations.ts";
import { answer } from "./answers.ts";
import { BootstrapPhase } from "./bootstrap-phase.ts";
import { CompositeOperations } from "./composite-operations.ts";

const base = inProcessAdapter();

/** After a Register that nobody answered for so long the client turns to the bootstrap server. */
const FALLBACK_AFTER = 120 * SECOND;

export function capableAdapter(options: InProcessOptions = {}): ClientAdapter {
  return {
    name: "a client that can do everything",
    claims: {
      ...base.claims,
      features: FEATURES,
      objects: [0, ...base.claims.objects],
    },
    canSetValues: true,
    canReport: true,
    takesStreams: true,
    // Over streams our agent can do all that is asked for.
    prepare: async (setup) =>
      setup.configuration.transport === "tcp"
        ? inProcessAdapter(options).prepare(setup)
        : new CapableClient(setup, options),
  };
}

class CapableClient implements ClientUnderTest {
  readonly tolerance = 0;
  readonly serverUris: readonly string[];
  private readonly setup: ClientSetup;
  private readonly seed: number;
  private readonly bootstrapServer: number;
  private readonly injected: Arrival[] = [];
  private readonly bootstrap: BootstrapPhase;
  private readonly composite: CompositeOperations;
  /** The agent; there is none before it has an account. */
  private agent: ClientUnderTest | undefined;
  /** When the agent was switched on; without one, now. */
  private time = 0;
  /** Number of the server that the agent's first account is at. */
  private shift = 0;
  private fallbackAt = NEVER;
  private requestAt = NEVER;
  private questions = 0;
  private agents = 0;
  /** Evaluation periods, as they were written, by path. */
  private readonly periods = new Map<string, readonly string[]>();
  private readonly options: InProcessOptions;

  constructor(setup: ClientSetup, options: InProcessOptions) {
    this.setup = setup;
    this.seed = options.seed ?? 1;
    this.options = options;
    this.bootstrapServer = serverCountOf(setup.configuration);
    const count = this.bootstrapServer + 1;
    this.serverUris = Array.from({ length: count }, (_, i) => `coap://server-${i + 1}.test`);
    this.bootstrap = new BootstrapPhase(setup, this.serverUris[this.bootstrapServer], {
      say: (message) => this.inject(this.bootstrapServer, message),
      finish: (accounts, uri) => this.manage(accounts, this.serverUris.indexOf(uri)),
    });
    this.composite = new CompositeOperations(setup, {
      say: (message) => this.inject(this.shift, message),
      ask: (message) => this.askAgent(message),
    });
  }

  now(): number {
    return this.time + (this.agent?.now() ?? 0);
  }

  async start(): Promise<void> {
    const { objects, hasBootstrapServer } = this.setup.configuration;
    if (objects[1] === undefined) this.requestAt = this.now();
    else {
      await this.manage(objects[1], 0);
      if (hasBootstrapServer === true) this.fallbackAt = this.now() + FALLBACK_AFTER;
    }
  }

  async set(path: string, value: Parameters<ClientUnderTest["set"]>[1]): Promise<void> {
    await this.agent?.set(path, value);
  }

  async report(paths: readonly string[]): Promise<void> {
    await this.composite.report(paths);
  }

  async send(server: number, datagram: Uint8Array): Promise<void> {
    const message = decodeMessage(datagram);
    if (server === this.bootstrapServer && !isMalformed(message)) {
      await this.bootstrap.handle(message);
      return;
    }
    if (isMalformed(message) || this.agent === undefined) {
      await this.agent?.send(server - this.shift, datagram);
      return;
    }
    if (message.code === CREATED) this.fallbackAt = NEVER;
    const path = pathOf(message.options, URI_PATH);
    if (message.code === FETCH || message.code === IPATCH) {
      await this.composite.handle(this.now(), message);
    } else if (message.code === POST && path === "/1/0/9" && this.hasBootstrapServer()) {
      this.inject(server, answer(message, CHANGED));
      this.turnToBootstrap();
    } else {
      const isAttributes = message.code === PUT && uintOf(message.options, CONTENT_FORMAT, -1) < 0;
      const query = isAttributes ? textsOf(message.options, URI_QUERY) : [];
      this.composite.remember(path, query);
      if (query.some((one) => one.startsWith("epm"))) {
        this.periods.set(path, query);
        this.inject(server, answer(message, CHANGED));
        return;
      }
      await this.agent.send(server - this.shift, datagram);
    }
  }

  async receive(until: number): Promise<Arrival | undefined> {
    for (;;) {
      const injected = this.injected.shift();
      if (injected !== undefined) return injected;
      const due = Math.min(this.composite.deadline(), this.fallbackAt, this.requestAt);
      const limit = Math.min(until, due);
      if (this.agent === undefined) this.time = Math.max(this.time, limit);
      else {
        const arrival = await this.agent.receive(limit - this.time);
        if (arrival !== undefined) return this.changed(arrival);
      }
      if (due > until) return undefined;
      await this.handleTimeout();
    }
  }

  async close(): Promise<void> {
    await this.agent?.close();
  }

  private async handleTimeout(): Promise<void> {
    if (this.requestAt <= this.now()) {
      this.requestAt = NEVER;
      this.bootstrap.request();
    } else if (this.fallbackAt <= this.now()) this.turnToBootstrap();
    else await this.composite.handleTimeout(this.now());
  }

  private hasBootstrapServer(): boolean {
    return this.setup.configuration.hasBootstrapServer === true;
  }

  private turnToBootstrap(): void {
    this.time = this.now();
    this.agent = undefined;
    this.fallbackAt = NEVER;
    this.requestAt = this.time + SECOND;
  }

  /** Switches an agent on with these accounts, the first of which is at this server. */
  private async manage(
    accounts: ClientSetup["configuration"]["objects"][1],
    server: number,
  ): Promise<void> {
    const { configuration } = this.setup;
    const objects = { ...configuration.objects, 1: accounts };
    this.shift = server;
    // Message IDs go on where the one before stopped, or nearly so.
    const seed = this.seed + 100 * this.agents++;
    const agent = await inProcessAdapter({ ...this.options, seed }).prepare({
      ...this.setup,
      configuration: { ...configuration, objects },
    });
    this.time = this.now();
    this.agent = agent;
    await agent.start();
  }

  /** What the agent says, with what it lacks: evaluation periods in its lists. */
  private changed({ server, datagram }: Arrival): Arrival {
    const at = { server: server + this.shift, datagram };
    const message = decodeMessage(datagram);
    if (isMalformed(message)) return at;
    const changed = this.withPeriods(message);
    return changed === undefined ? at : { ...at, datagram: encodeMessage(changed) };
  }

  private withPeriods(message: Message): Message | undefined {
    const isList = uintOf(message.options, CONTENT_FORMAT, -1) === LINK_FORMAT;
    if (this.periods.size === 0 || !isList) return undefined;
    let text = decodeUtf8(message.payload);
    for (const [path, query] of this.periods) {
      text = text.replace(`<${path}>`, `<${path}>;${query.join(";")}`);
    }
    return { ...message, payload: encodeUtf8(text) };
  }

  /** Asks the agent as a server would and takes its answer out of what it says. */
  private async askAgent(
    question: Pick<Message, "code" | "options" | "payload"> & { readonly path: string },
  ): Promise<Message | undefined> {
    const { agent } = this;
    if (agent === undefined) return undefined;
    const messageId = 0xe000 + (++this.questions & 0xfff);
    const options = [...pathOptions(URI_PATH, question.path), ...question.options];
    const message = { ...question, type: CON, messageId, token: Uint8Array.of(0xee), options };
    await agent.send(0, encodeMessage(message));
    for (;;) {
      const arrival = await agent.receive(agent.now());
      if (arrival === undefined) return undefined;
      const said = decodeMessage(arrival.datagram);
      if (!isMalformed(said) && !isRequest(said.code) && said.messageId === messageId) return said;
      this.injected.push(this.changed(arrival));
    }
  }

  private inject(server: number, message: Message): void {
    this.injected.push({ server, datagram: encodeMessage(message) });
  }
}
