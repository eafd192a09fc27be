/** What all writers share: chance, the connector's HTTP side, and the count of what was verified. */
import { Agent, request } from "node:http";
import { SeededRandom } from "../../simulator/random.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One thing that the connector is told again and again, and asked for after each kill. */
export interface Writer {
  readonly name: string;
  /** Before the first kill. */
  prepare(): Promise<void>;
  /** One write. Called again as soon as it has resolved, until the kill; what is acknowledged is remembered. */
  act(): Promise<void>;
  /** The connector was killed: what waits for its answer goes on without. */
  abandon(): void;
  /** After a restart: checks that everything acknowledged is there. */
  verify(): Promise<void>;
  /** After the last restart: checks what may take its time. */
  finish?(): Promise<void>;
  close(): void;
}

const FAILURES_SHOWN = 20;

export class World {
  readonly random: SeededRandom;
  readonly httpPort: number;
  readonly coapPort: number;
  passed = 0;
  failed = 0;
  /** Writes that the connector has acknowledged. */
  acknowledged = 0;
  private killAt = Infinity;
  private onKill: () => void = () => {};
  /** Events that came twice, as at-least-once allows around a kill. */
  duplicates = 0;
  /** How often the connector was started. */
  run = 0;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(seed: number, httpPort: number, coapPort: number) {
    this.random = new SeededRandom(seed);
    this.httpPort = httpPort;
    this.coapPort = coapPort;
  }

  below(limit: number): number {
    return this.random.uint32() % limit;
  }

  acknowledge(): void {
    if (++this.acknowledged >= this.killAt) this.onKill();
  }

  /** Resolves in the very moment in which so many more writes are acknowledged, or after some time. */
  untilAcknowledged(count: number, milliseconds: number): Promise<void> {
    this.killAt = this.acknowledged + count;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.onKill = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  check(isRight: boolean, otherwise: () => string): void {
    if (isRight) this.passed++;
    else if (this.failed++ < FAILURES_SHOWN) {
      console.log(`\nLOST in run ${this.run}: ${otherwise()}`);
    }
  }

  /** Calls the connector; undefined when it was killed before it had answered. */
  http(key: string, method: string, path: string, body?: unknown): Promise<Answer | undefined> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.send(method, path, text, {
      authorization: `Bearer ${key}`,
      ...(text === undefined ? {} : { "content-type": "application/json" }),
    });
  }

  /** The same when nobody is killed meanwhile: not to answer is a failure. */
  async ask(key: string, method: string, path: string): Promise<Answer> {
    const answer = await this.http(key, method, path);
    this.check(answer !== undefined, () => `${method} ${path} was not answered`);
    return answer ?? { status: 0, text: "{}" };
  }

  send(
    method: string,
    path: string,
    body: string | undefined,
    headers: Record<string, string>,
  ): Promise<Answer | undefined> {
    const { agent, httpPort: port } = this;
    const length = body === undefined ? {} : { "content-length": `${Buffer.byteLength(body)}` };
    const options = { agent, host: "127.0.0.1", port, method, path };
    return new Promise((resolve) => {
      const call = request({ ...options, headers: { ...headers, ...length } }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", () => resolve(undefined));
        response.on("aborted", () => resolve(undefined));
      });
      call.on("error", () => resolve(undefined));
      call.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** A value that is written again and again: what may be found after a kill is the last acknowledged one or a later one. */
export class Possible<T> {
  private values: T[];
  private readonly world: World;

  constructor(world: World, value: T) {
    this.world = world;
    this.values = [value];
  }

  /** The value when there is no doubt. */
  get certain(): T | undefined {
    return this.values.length === 1 ? this.values[0] : undefined;
  }

  /** Notes a write before it is sent. Returns what to call when it was acknowledged. */
  write(value: T): () => void {
    this.values.push(value);
    return () => {
      this.world.acknowledge();
      this.values = [value];
    };
  }

  /** Checks what was found; there is no doubt from then on. */
  found(value: T, what: string): void {
    const { values } = this;
    this.world.check(values.includes(value), () => {
      return `${what}: found ${String(value)}, expected ${values.map(String).join(" or ")}`;
    });
    this.values = [value];
  }
}
