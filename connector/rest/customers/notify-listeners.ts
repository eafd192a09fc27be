/**
 * Who listens to what devices do, as it happens: the WebSockets of mDash's `notify`. Nothing is kept for who is not there, and nobody is
 * waited for: who takes frames too slowly, or may not hear of a device any more, is hung up on.
 */

/** One who listens, from the opening of its socket to the end. */
export interface Listener {
  /** Whose sockets are counted together. */
  readonly owner: string;
  /** The one device; undefined for all that `hears` says. */
  readonly endpointName: string | undefined;
  /** Whether it may listen at all, as of now. */
  isEntitled(): boolean;
  /** Whether it may hear of this device, as of now. */
  hears(endpointName: string): boolean;
  readonly socket: NotifySocket;
}

/** The way to a listener. */
export interface NotifySocket {
  /** False when so much waits to be sent that it cannot keep up. */
  send(frame: string): boolean;
  /** @param code of RFC 6455 §7.4 */
  close(code: number, reason: string): void;
}

/** RFC 6455 §7.4.1, and "try again later" of its registry. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;

const MOST_LISTENERS = 5000;
const MOST_PER_OWNER = 50;

export class NotifyListeners {
  private readonly ofDevice = new Map<string, Set<Listener>>();
  private readonly ofAll = new Set<Listener>();
  private readonly perOwner = new Map<string, number>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Whether one more would be heard. */
  hasRoomFor(owner: string): boolean {
    return this.count < MOST_LISTENERS && (this.perOwner.get(owner) ?? 0) < MOST_PER_OWNER;
  }

  add(listener: Listener): void {
    const { owner, endpointName } = listener;
    if (!this.hasRoomFor(owner)) {
      listener.socket.close(TRY_AGAIN_LATER, "Too many listen.");
      return;
    }
    this.count++;
    this.perOwner.set(owner, (this.perOwner.get(owner) ?? 0) + 1);
    if (endpointName === undefined) {
      this.ofAll.add(listener);
      return;
    }
    const ofDevice = this.ofDevice.get(endpointName) ?? new Set();
    this.ofDevice.set(endpointName, ofDevice.add(listener));
  }

  /** The socket of a listener has ended; harmless when it was hung up on before. */
  remove(listener: Listener): void {
    const { owner, endpointName } = listener;
    const ofDevice = endpointName === undefined ? this.ofAll : this.ofDevice.get(endpointName);
    if (ofDevice === undefined || !ofDevice.delete(listener)) return;
    if (endpointName !== undefined && ofDevice.size === 0) this.ofDevice.delete(endpointName);
    this.count--;
    const held = (this.perOwner.get(owner) ?? 1) - 1;
    if (held > 0) this.perOwner.set(owner, held);
    else this.perOwner.delete(owner);
  }

  /** Whether a frame about a device would reach anybody. */
  isHeard(endpointName: string): boolean {
    return this.ofAll.size > 0 || this.ofDevice.has(endpointName);
  }

  /**
   * Tells who listens to a device.
   *
   * @param content made only when somebody does; undefined is left out
   */
  tell(endpointName: string, name: string, content: () => unknown = () => undefined): void {
    if (!this.isHeard(endpointName)) return;
    let frame: string | undefined;
    for (const listeners of [this.ofDevice.get(endpointName) ?? [], this.ofAll]) {
      for (const listener of listeners) {
        if (!listener.isEntitled()) {
          this.hangUp(listener, POLICY_VIOLATION, NO_RIGHT);
          continue;
        }
        if (!listener.hears(endpointName)) continue;
        frame ??= JSON.stringify({ name, id: endpointName, data: content() });
        if (!listener.socket.send(frame)) {
          this.hangUp(listener, TRY_AGAIN_LATER, "You take frames too slowly.");
        }
      }
    }
  }

  /** Rights have changed: hangs up on who may not listen any more. */
  recheck(): void {
    for (const listeners of [this.ofAll, ...this.ofDevice.values()]) {
      for (const listener of listeners) {
        if (!listener.isEntitled()) this.hangUp(listener, POLICY_VIOLATION, NO_RIGHT);
      }
    }
  }

  /** Hangs up on everybody. */
  close(): void {
    for (const listeners of [this.ofAll, ...this.ofDevice.values()]) {
      for (const listener of listeners) this.hangUp(listener, GOING_AWAY, "The connector stops.");
    }
  }

  private hangUp(listener: Listener, code: number, reason: string): void {
    this.remove(listener);
    listener.socket.close(code, reason);
  }
}

const NO_RIGHT = "The key is not good any more.";
