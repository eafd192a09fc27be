/**
 * The connector at work: its core on a UDP socket and perhaps a TCP listener, a store and the clock.
 *
 * After whatever happens: applications are told, what was written is committed, and only then datagrams go out, so that nothing is
 * acknowledged that a kill could undo. However many datagrams arrive while one commit is under way, they share the next one. A turn that
 * writes nothing waits for nothing but for the datagrams before it. Pieces of streams wait with them; where one would have to be dropped
 * its connection is cut, since nothing that comes after a gap can be read.
 */
import { TCP_LIMITS, TcpListener } from "./adapters/tcp.ts";
import { type DatagramSocket, type UdpSettings, UdpSocket } from "./adapters/udp.ts";
import { BOOTSTRAP_PORT } from "./bootstrap/bootstrap-server.ts";
import { Connector, type ConnectorCounters, type Transmit } from "./connector.ts";
import type {
  ConnectorEvent,
  Devices,
  DownlinkRequest,
  GatewayDevice,
  ObserveOptions,
  QueuedRequest,
  Submission,
} from "./contract.ts";
import { Fifo } from "./fifo.ts";
import { isStreamAddress } from "./peer-address.ts";
import type { Registration } from "./registry/registration.ts";
import type { ConnectorSettings } from "./settings.ts";
import type { Store } from "./store/store.ts";

export interface ServiceSettings {
  readonly connector: ConnectorSettings;
  /** The service's from then on: it closes it. */
  readonly store: Store;
  /** An address of this machine to listen at. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** One more port, for bootstrap alone; 0 takes any free one. */
  readonly bootstrapPort?: number | undefined;
  /** A TCP port for devices; 0 takes any free one. Absent: none. */
  readonly tcpPort?: number | undefined;
  /** Told of everything that devices do, in order, before it is acknowledged to them. Must not wait. */
  readonly sink: (event: ConnectorEvent) => void;
  /** Takes one line for the operator. */
  readonly log: (line: string) => void;
}

export interface ServiceCounters extends ConnectorCounters {
  /** Exceptions that were caught so that the loop goes on: bugs. */
  exceptions: number;
  /** Connections for which there was no room. */
  connectionsRefused: number;
  socketErrors: number;
  storeFailures: number;
}

/** Datagrams that wait for a commit; beyond it they are dropped, and the devices repeat themselves. */
const MAX_HELD = 20_000;
/** When the last commit covered so many datagrams, the next one waits for as many, for so many milliseconds. */
const BUSY_COMMIT = 16;
const GATHER_FOR = 2;
/** Milliseconds until a failed commit is tried again. */
const RETRY_COMMIT_AFTER = 1000;
/** Lines logged in a period, milliseconds. */
const MAX_LINES = 20;
const LINES_PERIOD = 10_000;
/** setTimeout's longest, milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class ConnectorService implements Devices {
  readonly store: Store;
  private readonly settings: ServiceSettings;
  private readonly connector: Connector;
  private socket!: DatagramSocket;
  private bootstrapSocket: DatagramSocket | undefined = undefined;
  private listener: TcpListener | undefined = undefined;
  private readonly faults = { exceptions: 0, socketErrors: 0, storeFailures: 0 };

  /** Datagrams that wait for the next commit, and those for whom one is under way. */
  private held = new Fifo<Transmit>();
  private releasing: Transmit[] = [];
  private isCommitting = false;
  /** How many datagrams waited for the last commit. */
  private lastCovered = 0;
  /** Datagrams dropped since the store cannot be written. */
  private unacknowledged = 0;
  private isPumpDue = false;
  private alarm: NodeJS.Timeout | undefined = undefined;
  private alarmAt = Infinity;
  private isClosed = false;
  /** Lines logged or left out in the period that ends then. */
  private lines = 0;
  private linesUntil = 0;

  /**
   * Takes up what the store holds and listens. Rejects with the system's error when it cannot.
   *
   * @param openSocket another way to datagrams than this machine's UDP
   */
  static async start(
    settings: ServiceSettings,
    openSocket: (settings: UdpSettings) => Promise<DatagramSocket> = UdpSocket.open,
  ): Promise<ConnectorService> {
    const service = new ConnectorService(settings);
    const { host, port, bootstrapPort, tcpPort } = settings;
    const onError = (error: Error) => {
      service.faults.socketErrors++;
      service.note(`The UDP socket reports: ${error.message}`);
    };
    service.socket = await openSocket({
      host,
      port,
      onDatagram: (address, datagram) => service.handleDatagram(address, datagram),
      onError,
    });
    if (bootstrapPort !== undefined) {
      service.bootstrapSocket = await service.alsoOpen("bootstrap", () =>
        openSocket({
          host,
          port: bootstrapPort,
          onDatagram: (address, datagram) =>
            service.handleDatagram(BOOTSTRAP_PORT + address, datagram),
          onError,
        }),
      );
    }
    if (tcpPort !== undefined) {
      service.listener = await service.alsoOpen("coap-tcp", () => service.listen(host, tcpPort));
    }
    service.guard(() => service.connector.restore(service.now()));
    service.pump();
    return service;
  }

  private constructor(settings: ServiceSettings) {
    this.settings = settings;
    this.store = settings.store;
    this.connector = new Connector(settings.connector, settings.store);
  }

  /** Opens one more; when that fails those before it are closed. */
  private async alsoOpen<T>(side: string, open: () => Promise<T>): Promise<T> {
    try {
      return await open();
    } catch (error) {
      await this.socket.close();
      await this.bootstrapSocket?.close();
      throw Object.assign(error as Error, { side });
    }
  }

  private listen(host: string, port: number): Promise<TcpListener> {
    return TcpListener.open({
      host,
      port,
      limits: TCP_LIMITS,
      onOpened: (address) => this.handleOpened(address),
      onBytes: (address, bytes) => this.handleBytes(address, bytes),
      onClosed: (address) => this.handleClosed(address),
      onError: (error) => {
        this.faults.socketErrors++;
        this.note(`The TCP listener reports: ${error.message}`);
      },
    });
  }

  /** The monotonic clock of this process, milliseconds. */
  now(): number {
    return performance.now();
  }

  get host(): string {
    return this.socket.host;
  }

  get port(): number {
    return this.socket.port;
  }

  /** Undefined without a port for bootstrap alone. */
  get bootstrapPort(): number | undefined {
    return this.bootstrapSocket?.port;
  }

  /** Undefined without a TCP port. */
  get tcpPort(): number | undefined {
    return this.listener?.port;
  }

  /** How many devices are registered. */
  get size(): number {
    return this.connector.size;
  }

  get counters(): ServiceCounters {
    const connectionsRefused = this.listener?.refused ?? 0;
    return { ...this.connector.counters, ...this.faults, connectionsRefused };
  }

  registration(endpointName: string): Registration | undefined {
    return this.connector.registration(endpointName);
  }

  registrations(): Iterable<Registration> {
    return this.connector.registrations();
  }

  isAwake(endpointName: string): boolean {
    return this.connector.isAwake(this.now(), endpointName);
  }

  submit(endpointName: string, request: DownlinkRequest): Submission {
    this.pumpSoon();
    return this.connector.submit(this.now(), endpointName, request);
  }

  queued(endpointName: string): readonly QueuedRequest[] {
    return this.connector.queued(endpointName);
  }

  cancel(endpointName: string, id: string): boolean {
    this.pumpSoon();
    return this.connector.cancel(this.now(), endpointName, id);
  }

  observe(endpointName: string, path: string, options?: ObserveOptions): Submission {
    this.pumpSoon();
    return this.connector.observe(this.now(), endpointName, path, options);
  }

  cancelObservation(endpointName: string, path: string): boolean {
    this.pumpSoon();
    return this.connector.cancelObservation(this.now(), endpointName, path);
  }

  observeComposite(
    endpointName: string,
    paths: readonly string[],
    options?: ObserveOptions,
  ): Submission {
    this.pumpSoon();
    return this.connector.observeComposite(this.now(), endpointName, paths, options);
  }

  cancelComposite(endpointName: string, paths: readonly string[]): boolean {
    this.pumpSoon();
    return this.connector.cancelComposite(this.now(), endpointName, paths);
  }

  gatewayDevices(endpointName: string): readonly GatewayDevice[] {
    return this.connector.gatewayDevices(endpointName);
  }

  deregister(endpointName: string): Submission {
    const submission = this.connector.deregister(this.now(), endpointName);
    // Told in this turn, so that the end of the registration and the news of it share one commit.
    this.pump();
    return submission;
  }

  /** See `Connector.pushBootstrap`. */
  pushBootstrap(endpointName: string): boolean {
    this.pumpSoon();
    return this.connector.pushBootstrap(this.now(), endpointName);
  }

  pendingIds(): Iterable<string> {
    return this.connector.pendingIds();
  }

  /** Commits, sends what waits for it, and lets go of socket and store. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.pump();
    this.isClosed = true;
    clearTimeout(this.alarm);
    try {
      await this.store.commit();
      this.release();
      for (let sent = this.held.shift(); sent !== undefined; sent = this.held.shift()) {
        this.send(sent);
      }
    } finally {
      await this.socket.close();
      await this.bootstrapSocket?.close();
      await this.listener?.close();
      await this.store.close();
    }
  }

  private handleDatagram(address: string, datagram: Uint8Array): void {
    if (this.isClosed) return;
    this.guard(() => this.connector.handleDatagram(this.now(), address, datagram));
    this.pump();
  }

  private handleOpened(address: string): boolean {
    if (this.isClosed) return false;
    let isTaken = false;
    this.guard(() => {
      isTaken = this.connector.handleOpened(this.now(), address);
    });
    this.pump();
    return isTaken;
  }

  private handleBytes(address: string, bytes: Uint8Array): void {
    if (this.isClosed) return;
    this.guard(() => this.connector.handleBytes(this.now(), address, bytes));
    this.pump();
  }

  private handleClosed(address: string): void {
    if (this.isClosed) return;
    this.guard(() => this.connector.handleClosed(this.now(), address));
    this.pump();
  }

  private handleAlarm(): void {
    this.alarm = undefined;
    this.alarmAt = Infinity;
    this.guard(() => this.connector.handleTimeout(this.now()));
    this.pump();
  }

  /** Applications first, then the store, then the wire, then the alarm. */
  private pump(): void {
    const { connector, store, held } = this;
    for (let event = connector.pollEvent(); event !== undefined; event = connector.pollEvent()) {
      this.tell(event);
    }
    const mustHold = this.isCommitting || held.length > 0 || store.hasUncommitted();
    for (let sent = connector.pollTransmit(); sent !== undefined; sent = connector.pollTransmit()) {
      if (!mustHold) this.send(sent);
      else if (held.length < MAX_HELD) held.push(sent);
      else this.drop(sent);
    }
    if (mustHold && !this.isCommitting) this.commitSoon();
    this.arm();
  }

  private tell(event: ConnectorEvent): void {
    if (event.kind === "address-change") {
      this.note(`${event.endpointName} has moved from ${event.from} to ${event.to}`);
    }
    try {
      this.settings.sink(event);
    } catch (error) {
      this.noteException(error);
    }
  }

  private pumpSoon(): void {
    if (this.isPumpDue) return;
    this.isPumpDue = true;
    setImmediate(() => {
      this.isPumpDue = false;
      if (!this.isClosed) this.pump();
    });
  }

  /**
   * At the end of this turn of the event loop, so that all datagrams that it brings share one commit; in a storm somewhat later, since
   * what a commit costs hardly depends on how much it covers.
   */
  private commitSoon(): void {
    this.isCommitting = true;
    if (this.lastCovered < BUSY_COMMIT) setImmediate(() => this.commit());
    else setTimeout(() => this.commit(), GATHER_FOR);
  }

  private commit(): void {
    if (this.isClosed) return;
    for (let sent = this.held.shift(); sent !== undefined; sent = this.held.shift()) {
      this.releasing.push(sent);
    }
    this.lastCovered = this.releasing.length;
    this.store.commit().then(
      () => this.handleCommitted(),
      () => this.handleCommitFailed(),
    );
  }

  private handleCommitted(): void {
    if (this.unacknowledged > 0) {
      const count = this.unacknowledged;
      this.note(`${count} datagrams were not answered while the store could not be written`);
      this.unacknowledged = 0;
    }
    this.release();
    this.isCommitting = false;
    if (!this.isClosed) this.pump();
  }

  /**
   * Nothing is acknowledged: the datagrams are dropped, and devices repeat what they said. A 5.03 instead would make many clients
   * register again, while a repeated message is answered from what is remembered of it as soon as the store can be written. Why it
   * cannot is the store's to say.
   */
  private handleCommitFailed(): void {
    this.faults.storeFailures++;
    this.unacknowledged += Math.max(1, this.releasing.length);
    for (const sent of this.releasing) this.drop(sent);
    this.releasing = [];
    setTimeout(() => this.commit(), RETRY_COMMIT_AFTER).unref();
  }

  private release(): void {
    for (const sent of this.releasing) this.send(sent);
    this.releasing = [];
  }

  /** Nobody repeats what is lost of a stream: a device without its connection registers anew. */
  private drop({ peer }: Transmit): void {
    if (isStreamAddress(peer)) this.listener?.abort(peer);
  }

  /** By the port that the peer has come by. */
  private send({ peer, datagram }: Transmit): void {
    if (isStreamAddress(peer)) this.listener?.send(peer, datagram);
    else if (!peer.startsWith(BOOTSTRAP_PORT)) this.socket.send(peer, datagram);
    else this.bootstrapSocket?.send(peer.slice(BOOTSTRAP_PORT.length), datagram);
  }

  private arm(): void {
    const at = this.connector.deadline();
    if (at >= this.alarmAt || this.isClosed) return;
    clearTimeout(this.alarm);
    this.alarmAt = at;
    const delay = Math.min(Math.max(0, Math.ceil(at - this.now())), LONGEST_TIMER);
    this.alarm = setTimeout(() => this.handleAlarm(), delay);
  }

  /** One bad datagram or deadline does not stop the loop. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.noteException(error);
    }
  }

  private noteException(error: unknown): void {
    this.faults.exceptions++;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.note(`Unexpected: ${text.replaceAll("\n", " | ")}`);
  }

  /** Logs a line, but no flood of them: what thousands of devices cause at once would bury the rest. */
  private note(line: string): void {
    const now = this.now();
    if (now >= this.linesUntil) {
      if (this.lines > MAX_LINES)
        this.settings.log(`${this.lines - MAX_LINES} lines were left out`);
      this.linesUntil = now + LINES_PERIOD;
      this.lines = 0;
    }
    if (++this.lines <= MAX_LINES) this.settings.log(line);
  }
}
