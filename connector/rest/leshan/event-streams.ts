/**
 * Who listens to `/api/event`: server-sent events, in Leshan's words. Nothing is kept for who is not there, and nobody is waited for: who
 * reads too slowly, or may not listen any more, is cut off.
 */

/** One who listens. */
export interface EventListener {
  /** Whose streams are counted together. */
  readonly owner: string;
  /** The one device; undefined for all. */
  readonly endpointName: string | undefined;
  /** Whether it may listen at all, as of now. */
  isEntitled(): boolean;
  /** Whether it may know this of the device, as of now: that it is there, or what it has. */
  hears(endpointName: string, object: EventObject): boolean;
  readonly sink: EventSink;
}

export type EventObject = "device" | "resource";

export interface EventSink {
  /** False when so much waits to be sent that it cannot keep up. */
  write(text: string): boolean;
  close(): void;
}

const MOST_LISTENERS = 500;
const MOST_PER_OWNER = 20;
/** A comment (WHATWG HTML, server-sent events): it says that the stream is alive. */
const HEARTBEAT = ":\n\n";

export class EventStreams {
  private readonly listeners = new Set<EventListener>();
  private readonly perOwner = new Map<string, number>();

  get size(): number {
    return this.listeners.size;
  }

  hasRoomFor(owner: string): boolean {
    return this.size < MOST_LISTENERS && (this.perOwner.get(owner) ?? 0) < MOST_PER_OWNER;
  }

  /** Ask `hasRoomFor` first. */
  add(listener: EventListener): void {
    this.listeners.add(listener);
    this.perOwner.set(listener.owner, (this.perOwner.get(listener.owner) ?? 0) + 1);
  }

  /** A stream has ended; harmless when it was cut off before. */
  remove(listener: EventListener): void {
    if (!this.listeners.delete(listener)) return;
    const left = (this.perOwner.get(listener.owner) ?? 1) - 1;
    if (left > 0) this.perOwner.set(listener.owner, left);
    else this.perOwner.delete(listener.owner);
  }

  /**
   * Tells who listens of something that happened to a device.
   *
   * @param content made only when somebody hears it; without any nothing is told
   */
  tell(
    name: string,
    endpointName: string,
    object: EventObject,
    content: () => object | undefined,
  ): void {
    let event: string | undefined;
    for (const listener of this.listeners) {
      if (listener.endpointName !== undefined && listener.endpointName !== endpointName) continue;
      if (!listener.hears(endpointName, object)) continue;
      if (event === undefined) {
        const found = content();
        if (found === undefined) return;
        event = `event: ${name}\ndata: ${JSON.stringify(found)}\n\n`;
      }
      this.write(listener, event);
    }
  }

  /** Says to all that they are still heard, and cuts off who may not listen any more. */
  beat(): void {
    for (const listener of this.listeners) {
      if (listener.isEntitled()) this.write(listener, HEARTBEAT);
      else this.cutOff(listener);
    }
  }

  close(): void {
    for (const listener of this.listeners) this.cutOff(listener);
  }

  private write(listener: EventListener, text: string): void {
    if (!listener.sink.write(text)) this.cutOff(listener);
  }

  private cutOff(listener: EventListener): void {
    this.remove(listener);
    listener.sink.close();
  }
}
