/** Writers on the devices' side: registrations that come, change and go, and values that are notified. */
import { CHANGED, CREATED, DELETED, formatCode } from "../../protocol/coap/codes.ts";
import type { Channel } from "./channel.ts";
import { Device } from "./device.ts";
import { Possible, type World, type Writer } from "./world.ts";

const DEVICES = 20;
const GONE = "not registered";

interface Churning {
  readonly device: Device;
  /** `GONE`, or the version of its links. */
  readonly state: Possible<string>;
}

/** Devices that register, change what they list, and de-register. */
export class Registrations implements Writer {
  readonly name = "registrations";
  private readonly world: World;
  private readonly key: string;
  private devices: readonly Churning[] = [];
  private version = 0;
  private readonly busy = new Set<Churning>();

  constructor(world: World, key: string) {
    this.world = world;
    this.key = key;
  }

  async prepare(): Promise<void> {
    const devices: Churning[] = [];
    for (let i = 0; i < DEVICES; i++) {
      const { world } = this;
      const port = () => world.coapPort;
      const device = await Device.open(`churning-${i}`, port, world.random.uint32());
      devices.push({ device, state: new Possible(world, GONE) });
    }
    this.devices = devices;
  }

  async act(): Promise<void> {
    await Promise.all([this.one(), this.one(), this.one()]);
  }

  async verify(): Promise<void> {
    await Promise.all(this.devices.map((one) => this.verifyOne(one)));
  }

  abandon(): void {
    for (const { device } of this.devices) device.abandon();
  }

  close(): void {
    for (const { device } of this.devices) device.close();
  }

  private async one(): Promise<void> {
    const churning = this.devices[this.world.below(DEVICES)];
    if (this.busy.has(churning)) return;
    this.busy.add(churning);
    await this.change(churning);
    this.busy.delete(churning);
  }

  private async change({ device, state }: Churning): Promise<void> {
    const version = `/3303/${++this.version % 60_000}`;
    if (device.location === undefined || state.certain === undefined) {
      // It was not told where it is: only then may a device register again.
      const acknowledge = state.write(version);
      device.location = undefined;
      this.expect(await device.register(pathsOf(version)), CREATED, device, acknowledge);
    } else if (this.world.below(5) === 0) {
      const acknowledge = state.write(GONE);
      const isDone = this.expect(await device.deregister(), DELETED, device, acknowledge);
      if (isDone) device.location = undefined;
    } else {
      const acknowledge = state.write(version);
      this.expect(await device.update(pathsOf(version)), CHANGED, device, acknowledge);
    }
  }

  private expect(
    code: number | undefined,
    expected: number,
    device: Device,
    acknowledge: () => void,
  ): boolean {
    if (code === undefined) return false;
    const text = () =>
      `${device.name} was answered ${formatCode(code)}, not ${formatCode(expected)}`;
    this.world.check(code === expected, text);
    if (code === expected) acknowledge();
    return code === expected;
  }

  private async verifyOne({ device, state }: Churning): Promise<void> {
    const { world } = this;
    const wasCertain = state.certain !== undefined;
    const answer = await world.ask(this.key, "GET", `/v2/endpoints/${device.name}`);
    let found = GONE;
    if (answer.status === 200) {
      const listed = (JSON.parse(answer.text) as { uri: string }[]).map(({ uri }) => uri);
      found = listed.find((uri) => uri.startsWith("/3303/")) ?? "no version";
      const expected = pathsOf(found).sort().join();
      world.check(listed.sort().join() === expected, () => `${device.name} is torn: ${listed}`);
    }
    state.found(found, device.name);
    if (found === GONE) device.location = undefined;
    else if (wasCertain && device.location !== undefined) {
      const code = await device.update();
      world.check(code === CHANGED, () => `${device.name} has to register again`);
    }
  }
}

function pathsOf(version: string): string[] {
  return ["/1/0", "/3/0", version];
}

/** A device that notifies a counter to whoever has subscribed. */
export class Notifications implements Writer {
  readonly name = "notifications";
  private static readonly path = "/3303/0/5700";
  private readonly world: World;
  private readonly key: string;
  private readonly channel: Channel;
  private device!: Device;
  private counter = 0;
  private readonly owed = new Set<string>();

  constructor(world: World, key: string, channel: Channel) {
    this.world = world;
    this.key = key;
    this.channel = channel;
  }

  async prepare(): Promise<void> {
    const { world } = this;
    const port = () => world.coapPort;
    this.device = await Device.open("notifying", port, world.random.uint32());
    await this.device.register(["/1/0", "/3/0", "/3303/0"]);
    const path = `/v2/subscriptions/notifying${Notifications.path}`;
    const answer = await world.http(this.key, "PUT", path);
    world.check(answer?.status === 202, () => `the subscription was answered ${answer?.status}`);
    this.channel.onNotification((endpointName, path, payload) => {
      if (endpointName === "notifying" && path === Notifications.path) this.owed.delete(payload);
    });
  }

  async act(): Promise<void> {
    const path = Notifications.path;
    if (!this.device.isObserved(path)) {
      await pause(5);
      return;
    }
    const text = `${++this.counter}`;
    // It may be told before it is acknowledged.
    this.owed.add(text);
    const isAcknowledged = await this.device.notify(path, text);
    if (isAcknowledged === true) this.world.acknowledge();
    else this.owed.delete(text);
  }

  async verify(): Promise<void> {
    const code = await this.device.update();
    this.world.check(code === CHANGED, () => "the notifying device has to register again");
  }

  async finish(): Promise<void> {
    await this.channel.until(() => this.owed.size === 0);
    const missing = [...this.owed];
    for (let i = 0; i < this.counter - missing.length; i++) this.world.passed++;
    for (const one of missing) this.world.check(false, () => `notification ${one} never came`);
  }

  abandon(): void {
    this.device.abandon();
  }

  close(): void {
    this.device.close();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
