/**
 * The program of an Espruino board on real interpreters, over UDP with the real connector: it boots from flash, registers, is read,
 * written, observed and executed. Needs `ESPRUINO_BINS`; skipped by name without.
 */
import { afterEach, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { systemRandom } from "../../connector/adapters/entropy.ts";
import type { ConnectorEvent, ResponseEvent } from "../../connector/contract.ts";
import { ConnectorService } from "../../connector/service.ts";
import { defaultSettings } from "../../connector/settings.ts";
import { MemoryStore } from "../../connector/store/memory-store.ts";
import { type BoardBundle, bundleForBoard } from "../../firmware/flash/bundle.ts";
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { isRequired, titled } from "./support/engine.ts";
import { findEspruinos, type RunningBoard } from "./support/espruino.ts";

const ENTRY = new URL("../../firmware/boards/espruino/main.ts", import.meta.url).pathname;
const PATIENCE = 30_000;

/** A connector whose events can be waited for. */
class Server {
  readonly events: ConnectorEvent[] = [];
  private service!: ConnectorService;
  private wake: () => void = () => {};

  async start(): Promise<this> {
    this.service = await ConnectorService.start({
      connector: defaultSettings(systemRandom()),
      store: new MemoryStore(),
      host: "127.0.0.1",
      port: 0,
      sink: (event) => {
        this.events.push(event);
        this.wake();
      },
      log: () => {},
    });
    return this;
  }

  get uri(): string {
    return `coap://127.0.0.1:${this.service.port}`;
  }

  async next<E extends ConnectorEvent>(wanted: (event: ConnectorEvent) => event is E): Promise<E> {
    const giveUp = Date.now() + PATIENCE;
    for (;;) {
      const at = this.events.findIndex(wanted);
      if (at >= 0) return this.events.splice(at, 1)[0] as E;
      if (Date.now() > giveUp) throw new Error("the board did not answer in time");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async ask(method: number, path: string, text = ""): Promise<ResponseEvent> {
    const submission = this.service.submit("board", {
      method,
      path,
      payload: new TextEncoder().encode(text),
      confirmable: true,
      expiresIn: PATIENCE,
    });
    return this.outcome(submission);
  }

  observe(path: string): Promise<ResponseEvent> {
    return this.outcome(this.service.observe("board", path));
  }

  close(): Promise<void> {
    return this.service.close();
  }

  private outcome(submission: { id: string } | { refusal: string }): Promise<ResponseEvent> {
    if ("refusal" in submission) throw new Error(submission.refusal);
    return this.next(
      (event): event is ResponseEvent => event.kind === "response" && event.id === submission.id,
    );
  }
}

const text = (event: { payload: Uint8Array }) => new TextDecoder().decode(event.payload);

describe.each(findEspruinos(process.env.ESPRUINO_BINS))("$name", (candidate) => {
  let bundle: BoardBundle;
  let board: RunningBoard | undefined;
  let server: Server | undefined;

  beforeAll(async () => {
    bundle = await bundleForBoard(ENTRY);
  });

  afterEach(async () => {
    await board?.stop();
    await server?.close();
  });

  test.skipIf(candidate.engine === undefined && !isRequired(candidate.name))(
    titled("registers over UDP and is read, written, observed and executed", candidate),
    async () => {
      if (candidate.engine === undefined) throw new Error(candidate.missing);
      onTestFailed(() => console.error(board?.output()));
      server = await new Server().start();
      board = await candidate.engine.boot({
        ".bootcde": bundle.code,
        "dormouse.json": JSON.stringify({ endpoint: "board", server: server.uri, lifetime: 600 }),
      });

      const { registration } = await server.next((event) => event.kind === "registration");
      expect(registration).toMatchObject({ endpointName: "board", lifetime: 600, version: "1.1" });

      expect(text(await server.ask(GET, "/3/0/0"))).toBe("Espruino");
      expect(await server.ask(GET, "/3/0")).toMatchObject({ status: 200, contentFormat: 11542 });
      expect(await server.ask(GET, "/3/0/99")).toMatchObject({ status: 404 });
      expect(await server.ask(PUT, "/1/0/1", "900")).toMatchObject({ status: 200 });
      await server.next((event) => event.kind === "update");
      expect(text(await server.ask(GET, "/1/0/1"))).toBe("900");
      expect(await server.observe("/3/0/10")).toMatchObject({ status: 200 });
      expect(await server.ask(POST, "/1/0/8")).toMatchObject({ status: 200 });
      await server.next((event) => event.kind === "update");
    },
    2 * PATIENCE,
  );
});
