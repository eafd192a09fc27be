/** Writers on the applications' side: keys, callbacks, subscriptions, rules, and requests to devices awake and asleep. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CHANGED } from "../../protocol/coap/codes.ts";
import type { Channel } from "./channel.ts";
import { Device } from "./device.ts";
import { Possible, type World, type Writer } from "./world.ts";

const NONE = "none";

interface KeyWithCallback {
  readonly key: string;
  readonly callback: Possible<string>;
}

/** Access keys that are made one after the other, each with a callback for a while. */
export class KeysAndCallbacks implements Writer {
  readonly name = "access keys and callbacks";
  private readonly world: World;
  private readonly key: string;
  private readonly keys: KeyWithCallback[] = [];
  private withCallback: KeyWithCallback[] = [];
  private receiver!: Server;
  private url = "";

  constructor(world: World, key: string) {
    this.world = world;
    this.key = key;
  }

  async prepare(): Promise<void> {
    this.receiver = createServer((_, response) => response.writeHead(204).end());
    await new Promise<void>((done) => this.receiver.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${(this.receiver.address() as AddressInfo).port}`;
  }

  async act(): Promise<void> {
    const { world } = this;
    const oldest = this.withCallback[3];
    if (oldest !== undefined) {
      this.withCallback = this.withCallback.filter((one) => one !== oldest);
      const acknowledge = oldest.callback.write(NONE);
      const answer = await world.http(oldest.key, "DELETE", "/v2/notification/callback");
      if (answer !== undefined && this.expect(answer.status, [204, 404])) acknowledge();
      return;
    }
    const name = `key ${this.keys.length}`;
    const created = await world.http(this.key, "POST", "/api/api_tokens", { name });
    if (created === undefined || !this.expect(created.status, [201])) return;
    world.acknowledge();
    const { access_key: key } = JSON.parse(created.text) as { access_key: string };
    const one = { key, callback: new Possible(world, NONE) };
    this.keys.push(one);
    this.withCallback.unshift(one);
    const url = `${this.url}/${this.keys.length}`;
    const acknowledge = one.callback.write(url);
    const set = await world.http(key, "PUT", "/v2/notification/callback", { url, headers: {} });
    if (set !== undefined && this.expect(set.status, [204])) acknowledge();
  }

  async verify(): Promise<void> {
    const { world } = this;
    const some = new Set(this.keys.slice(-6));
    if (this.keys.length > 0) some.add(this.keys[world.below(this.keys.length)]);
    await Promise.all(
      [...some].map(async ({ key, callback }) => {
        const answer = await world.ask(key, "GET", "/v2/notification/callback");
        world.check(answer.status !== 401, () => `the key ${this.keys.length} is unknown`);
        const isSet = answer.status === 200;
        callback.found(
          isSet ? (JSON.parse(answer.text) as { url: string }).url : NONE,
          "a callback",
        );
      }),
    );
  }

  /** Every key that was ever acknowledged. */
  async finish(): Promise<void> {
    for (const { key } of this.keys) {
      const answer = await this.world.ask(key, "GET", "/v2/limits");
      this.world.check(answer.status === 200, () => `a key is answered ${answer.status}`);
    }
  }

  abandon(): void {}

  close(): void {
    this.receiver.closeAllConnections();
    this.receiver.close();
  }

  private expect(status: number, expected: readonly number[]): boolean {
    const isRight = expected.includes(status);
    this.world.check(isRight, () => `a key or callback was answered ${status}`);
    return isRight;
  }
}

const PATHS = Array.from({ length: 8 }, (_, i) => `/3304/${i}/5700`);

/** Subscriptions that come and go, and pre-subscription rules that replace each other. */
export class SubscriptionsAndRules implements Writer {
  readonly name = "subscriptions and rules";
  private readonly world: World;
  private readonly key: string;
  private readonly rulesKey: string;
  private device!: Device;
  private readonly subscribed: Possible<boolean>[];
  private readonly rules: Possible<string>;
  private version = 0;

  constructor(world: World, key: string, rulesKey: string) {
    this.world = world;
    this.key = key;
    this.rulesKey = rulesKey;
    this.subscribed = PATHS.map(() => new Possible(world, false));
    this.rules = new Possible(world, "[]");
  }

  async prepare(): Promise<void> {
    const { world } = this;
    this.device = await Device.open("subscribed", () => world.coapPort, world.random.uint32());
    await this.device.register(["/1/0", "/3/0", ...PATHS.map((path) => path.slice(0, 7))]);
  }

  async act(): Promise<void> {
    await (this.world.below(4) === 0 ? this.changeRules() : this.toggle());
  }

  async verify(): Promise<void> {
    const { world } = this;
    const code = await this.device.update();
    world.check(code === CHANGED, () => "the subscribed device has to register again");
    await Promise.all(
      PATHS.map(async (path, i) => {
        const url = `/v2/subscriptions/subscribed${path}`;
        const answer = await world.ask(this.key, "GET", url);
        this.subscribed[i].found(answer.status === 200, `subscription ${path}`);
      }),
    );
    const answer = await world.ask(this.rulesKey, "GET", "/v2/subscriptions");
    this.rules.found(answer.text, "the rules");
  }

  abandon(): void {
    this.device.abandon();
  }

  close(): void {
    this.device.close();
  }

  private async toggle(): Promise<void> {
    const i = this.world.below(PATHS.length);
    const wanted = this.subscribed[i].certain !== true;
    const acknowledge = this.subscribed[i].write(wanted);
    const url = `/v2/subscriptions/subscribed${PATHS[i]}`;
    const answer = await this.world.http(this.key, wanted ? "PUT" : "DELETE", url);
    // Too many requests of subscriptions that were ended wait for the device: that is no acknowledgement.
    if (answer === undefined || answer.status === 429) return;
    const isRight = wanted ? answer.status === 202 : [204, 404].includes(answer.status);
    this.world.check(
      isRight,
      () => `${wanted} ${url} was answered ${answer.status} ${answer.text}`,
    );
    if (isRight) acknowledge();
  }

  private async changeRules(): Promise<void> {
    const rules = [{ "endpoint-name": `rule-${++this.version}` }];
    const acknowledge = this.rules.write(JSON.stringify(rules));
    const answer = await this.world.http(this.rulesKey, "PUT", "/v2/subscriptions", rules);
    if (answer === undefined) return;
    this.world.check(answer.status === 204, () => `rules were answered ${answer.status}`);
    if (answer.status === 204) acknowledge();
  }
}

/** Requests to a device that answers and to one that mostly sleeps; each one acknowledged has an outcome. */
export class Requests implements Writer {
  readonly name = "requests";
  private readonly world: World;
  private readonly channel: Channel;
  private awake!: Device;
  private asleep!: Device;
  private readonly owed = new Set<string>();
  /** The run in which an outcome came last: twice in one run is once too often. */
  private readonly cameIn = new Map<string, number>();

  constructor(world: World, channel: Channel) {
    this.world = world;
    this.channel = channel;
  }

  async prepare(): Promise<void> {
    const { world } = this;
    const port = () => world.coapPort;
    this.awake = await Device.open("awake", port, world.random.uint32());
    this.asleep = await Device.open("asleep", port, world.random.uint32());
    await this.awake.register(["/1/0", "/3/0", "/3306/0"]);
    await this.asleep.register(["/1/0", "/3/0", "/3306/0"], true);
    this.channel.onResponse((id) => this.handleOutcome(id));
  }

  async act(): Promise<void> {
    const { world } = this;
    if (world.below(20) === 0) await this.wake();
    const device = world.below(5) === 0 ? this.asleep : this.awake;
    const url = `/v2/endpoints/${device.name}/3306/0/5850`;
    const answer = await world.http(this.channel.key, "PUT", url, world.below(2));
    if (answer === undefined || answer.status === 429) return;
    world.check(answer.status === 202, () => `a request was answered ${answer.status}`);
    if (answer.status !== 202) return;
    world.acknowledge();
    const { "async-response-id": id } = JSON.parse(answer.text) as { "async-response-id": string };
    if (!this.cameIn.has(id)) this.owed.add(id);
  }

  async verify(): Promise<void> {
    const codes = [await this.awake.update(), await this.asleep.update()];
    for (const code of codes) {
      this.world.check(code === CHANGED, () => "a device with requests has to register again");
    }
  }

  async finish(): Promise<void> {
    this.asleep.isAsleep = false;
    await this.asleep.update();
    await this.channel.until(() => this.owed.size === 0);
    for (let i = 0; i < this.cameIn.size; i++) this.world.passed++;
    for (const id of this.owed) this.world.check(false, () => `request ${id} has no outcome`);
  }

  abandon(): void {
    this.awake.abandon();
    this.asleep.abandon();
  }

  close(): void {
    this.awake.close();
    this.asleep.close();
  }

  private async wake(): Promise<void> {
    this.asleep.isAsleep = false;
    await this.asleep.update();
    await new Promise((resolve) => setTimeout(resolve, 10));
    this.asleep.isAsleep = true;
  }

  private handleOutcome(id: string): void {
    const { world } = this;
    const before = this.cameIn.get(id);
    if (before !== undefined) {
      world.duplicates++;
      world.check(before !== world.run, () => `request ${id} has two outcomes without a kill`);
    }
    this.cameIn.set(id, world.run);
    this.owed.delete(id);
  }
}
