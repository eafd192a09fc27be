/** A connector on a real UDP socket whose events can be waited for. Only for tests that need real sockets. */
import { systemRandom } from "../../connector/adapters/entropy.ts";
import type {
  ConnectorEvent,
  DownlinkRequest,
  ResponseEvent,
  Submission,
} from "../../connector/contract.ts";
import type { Registration } from "../../connector/registry/registration.ts";
import { ConnectorService } from "../../connector/service.ts";
import { defaultSettings } from "../../connector/settings.ts";
import { MemoryStore } from "../../connector/store/memory-store.ts";
import { PUT } from "../../protocol/coap/codes.ts";
import { OCTET_STREAM } from "../../protocol/coap/content-formats.ts";

/** How long anything may take before the test gives up, milliseconds. */
export const PATIENCE = 30_000;
/** For what has many blocks. */
export const LONG_PATIENCE = 4 * PATIENCE;

export class LiveConnector {
  private readonly events: ConnectorEvent[] = [];
  private service!: ConnectorService;
  private readonly patience: number;
  /** Of those who wait for an event. */
  private readonly wakes = new Set<() => void>();

  private constructor(patience: number) {
    this.patience = patience;
  }

  /**
   * @param patience how long anything may take, milliseconds
   * @param awakeFor after which a device in queue mode is taken to sleep, milliseconds; default MAX_TRANSMIT_WAIT
   */
  static async start(patience = PATIENCE, awakeFor?: number): Promise<LiveConnector> {
    const live = new LiveConnector(patience);
    const connector = defaultSettings(systemRandom());
    const session = { ...connector.session, awakeFor: awakeFor ?? connector.session.awakeFor };
    live.service = await ConnectorService.start({
      connector: { ...connector, session },
      store: new MemoryStore(),
      host: "127.0.0.1",
      port: 0,
      sink: (event) => {
        live.events.push(event);
        for (const wake of live.wakes) wake();
      },
      log: () => {},
    });
    return live;
  }

  get uri(): string {
    return `coap://127.0.0.1:${this.service.port}`;
  }

  close(): Promise<void> {
    return this.service.close();
  }

  async registration(): Promise<Registration> {
    const event = await this.next("registration");
    return event.registration;
  }

  /** The next event of a kind that nobody has taken yet; earlier ones of other kinds stay. */
  async next<K extends ConnectorEvent["kind"]>(
    kind: K,
    isWanted: (event: Extract<ConnectorEvent, { kind: K }>) => boolean = () => true,
    patience = this.patience,
  ): Promise<Extract<ConnectorEvent, { kind: K }>> {
    type Wanted = Extract<ConnectorEvent, { kind: K }>;
    const giveUp = performance.now() + patience;
    for (;;) {
      const at = this.events.findIndex((e) => e.kind === kind && isWanted(e as Wanted));
      if (at >= 0) return this.events.splice(at, 1)[0] as Wanted;
      const left = giveUp - performance.now();
      if (left <= 0) throw new Error(`no ${kind} within ${patience / 1000} s`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.wakes.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.wakes.add(wake);
      });
    }
  }

  async ask(endpointName: string, method: number, path: string, text = ""): Promise<ResponseEvent> {
    return this.outcome(
      this.service.submit(endpointName, {
        method,
        path,
        payload: new TextEncoder().encode(text),
        confirmable: true,
        expiresIn: this.patience,
      }),
    );
  }

  /** A Write of bytes, in blocks where they are many. */
  async write(endpointName: string, path: string, bytes: Uint8Array): Promise<ResponseEvent> {
    return this.outcome(
      this.service.submit(endpointName, {
        method: PUT,
        path,
        payload: bytes,
        contentFormat: OCTET_STREAM,
        confirmable: true,
        expiresIn: LONG_PATIENCE,
      }),
      LONG_PATIENCE,
    );
  }

  /** Any request; Confirmable, and without a payload unless it has one. */
  async request(
    endpointName: string,
    request: Partial<DownlinkRequest> & Pick<DownlinkRequest, "method" | "path">,
  ): Promise<ResponseEvent> {
    return this.outcome(
      this.service.submit(endpointName, {
        payload: new Uint8Array(0),
        confirmable: true,
        expiresIn: this.patience,
        ...request,
      }),
    );
  }

  async observe(endpointName: string, path: string): Promise<ResponseEvent> {
    return this.outcome(this.service.observe(endpointName, path));
  }

  async observeComposite(endpointName: string, paths: readonly string[]): Promise<ResponseEvent> {
    return this.outcome(this.service.observeComposite(endpointName, paths));
  }

  private outcome(submission: Submission, patience?: number): Promise<ResponseEvent> {
    if ("refusal" in submission) throw new Error(submission.refusal);
    return this.next("response", ({ id }) => id === submission.id, patience);
  }
}

export function textOf(event: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(event.payload);
}
