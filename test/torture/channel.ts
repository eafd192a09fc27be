/** The channel of one key, polled most of the time, so that events also wait over a kill. */
import type { World } from "./world.ts";

interface Message {
  readonly notifications?: readonly { ep: string; path: string; payload: string }[];
  readonly "async-responses"?: readonly { id: string }[];
}

/** How long everything owed may take at the end, ms. */
const PATIENCE = 60_000;

export class Channel {
  readonly key: string;
  private readonly world: World;
  private isPolling = false;
  private polling: Promise<void> = Promise.resolve();
  private readonly notificationListeners: ((ep: string, path: string, text: string) => void)[] = [];
  private readonly responseListeners: ((id: string) => void)[] = [];

  constructor(world: World, key: string) {
    this.world = world;
    this.key = key;
  }

  onNotification(listener: (endpointName: string, path: string, text: string) => void): void {
    this.notificationListeners.push(listener);
  }

  onResponse(listener: (id: string) => void): void {
    this.responseListeners.push(listener);
  }

  /** Opens the channel. */
  async open(): Promise<void> {
    await this.world.http(this.key, "GET", "/v2/notification/pull?noWait=true");
  }

  start(): void {
    this.isPolling = true;
    this.polling = this.poll();
  }

  /** The poll under way ends by itself, at the latest with the connector. */
  stop(): Promise<void> {
    this.isPolling = false;
    return this.polling;
  }

  /** Polls until something has come true, or too long has passed. */
  async until(isTrue: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE;
    while (!isTrue() && performance.now() < giveUpAt) {
      await this.take("?noWait=true");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  private async poll(): Promise<void> {
    while (this.isPolling && (await this.take(""))) {}
  }

  private async take(query: string): Promise<boolean> {
    const answer = await this.world.http(this.key, "GET", `/v2/notification/pull${query}`);
    if (answer === undefined) return false;
    if (answer.status === 204) return true;
    this.world.check(answer.status === 200, () => `a poll was answered ${answer.status}`);
    if (answer.status !== 200) return false;
    const message = JSON.parse(answer.text) as Message;
    for (const { ep, path, payload } of message.notifications ?? []) {
      const text = Buffer.from(payload, "base64").toString();
      for (const listener of this.notificationListeners) listener(ep, path, text);
    }
    for (const { id } of message["async-responses"] ?? []) {
      for (const listener of this.responseListeners) listener(id);
    }
    return true;
  }
}
