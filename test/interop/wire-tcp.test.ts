import { randomInt } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { ConnectorEvent, DownlinkRequest, ResponseEvent } from "../../connector/contract.ts";
import { ConnectorService } from "../../connector/service.ts";
import { defaultSettings } from "../../connector/settings.ts";
import { MemoryStore } from "../../connector/store/memory-store.ts";
import { GET, PUT } from "../../protocol/coap/codes.ts";
import { OCTET_STREAM, SENML_CBOR, TLV } from "../../protocol/coap/content-formats.ts";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import { messagesIn } from "./support/capture.ts";
import { startDevice } from "./support/device.ts";
import { EventLog } from "./support/event-log.ts";
import { describeWith } from "./support/peers.ts";
import { body } from "./support/requests.ts";
import { StreamTap } from "./support/stream-tap.ts";
import type { Dissected } from "./support/tshark.ts";
import { dissectStreams } from "./support/tshark.ts";

const EP = "streaming";
const WRITTEN = body(20_000);

describeWith(
  ["tshark"],
  "what our agent and our connector say to each other over TCP, as tshark reads it",
  () => {
    let messages: Dissected[];
    let sent: number;
    let read: Uint8Array;

    beforeAll(async () => {
      const events = new EventLog<ConnectorEvent>();
      const connector = await ConnectorService.start({
        connector: defaultSettings({ uint32: () => randomInt(2 ** 32) }),
        store: new MemoryStore(),
        host: "127.0.0.1",
        port: 0,
        tcpPort: 0,
        sink: (event) => events.add(event),
        log: (line) => console.log(line),
      });
      const tcpPort = connector.tcpPort ?? 0;
      const tap = await StreamTap.open(tcpPort);
      const device = startDevice({ endpointName: EP, scheme: "coap+tcp", serverPort: tap.port });
      const next = (kind: ConnectorEvent["kind"]) =>
        events.next(kind, (event) => event.kind === kind);
      await next("registration");

      async function ask(request: Partial<DownlinkRequest>): Promise<Uint8Array> {
        const submission = connector.submit(EP, {
          method: GET,
          path: "/3/0",
          payload: new Uint8Array(0),
          confirmable: true,
          expiresIn: 10_000,
          ...request,
        });
        const event = (await events.next(
          `answer to ${JSON.stringify(request.path)}`,
          (event) => event.kind === "response" && "id" in submission && event.id === submission.id,
        )) as ResponseEvent;
        expect(event.error).toBeUndefined();
        return event.payload ?? new Uint8Array(0);
      }

      for (const accept of [TLV, SENML_CBOR]) await ask({ path: "/3442/0", accept });
      const path = "/3442/0/150";
      await ask({ method: PUT, path, payload: WRITTEN, contentFormat: OCTET_STREAM });
      read = await ask({ path, accept: OCTET_STREAM });
      connector.observe(EP, "/3303/0/5700");
      await next("response");
      device.temperature.set(0, SENSOR_VALUE, 24.5);
      await next("notification");
      tap.cut();
      await next("registration");
      device.temperature.set(0, SENSOR_VALUE, 25.5);
      await next("notification");
      await device.stop();
      await next("deregistration");

      tap.close();
      await connector.close();
      sent = messagesIn(tap.pieces).length;
      messages = await dissectStreams(tap.pieces, [tcpPort]);
    });

    const asked = (code: string, path: RegExp) =>
      messages.filter((message) => message.code === code && path.test(message.path));

    test("every message is CoAP, and none that tshark knows is marked malformed or doubtful", () => {
      expect(messages.length).toBe(sent);
      expect(messages.every(({ protocols }) => protocols.startsWith("raw:ip:tcp:coap"))).toBe(true);
      // It takes the options of signals for those of requests.
      const known = messages.filter(({ code }) => !code.startsWith("7."));
      expect(known.filter(({ complaints }) => complaints !== "")).toEqual([]);
    });

    test("RFC 8323 §5.3: on each of the two connections both say first what they take", () => {
      expect(messages.map(({ code }) => code).filter((code) => code === "7.01")).toHaveLength(4);
      expect(messages.slice(0, 2).map(({ code }) => code)).toEqual(["7.01", "7.01"]);
    });

    test("LwM2M Core 1.1.1 §6.4.1: the device registers anew after its connection broke", () => {
      expect(asked("0.02", /^\/rd$/)).toHaveLength(2);
      expect(asked("2.01", /^\/rd$/)).toHaveLength(2);
      expect(asked("0.04", /^\/rd\/.+$/)).toHaveLength(1);
    });

    test("RFC 8323 §7.4: on the new connection it is observed again", () => {
      const observed = asked("0.01", /^\/3303\/0\/5700$/);
      expect(observed.map(({ observe }) => observe)).toEqual(["0", "0"]);
    });

    test("RFC 8323 §6: 20,000 bytes written are the ones read, in three blocks each way", () => {
      expect(Buffer.compare(read, WRITTEN)).toBe(0);
      const codes = messages.filter(({ path }) => path === "/3442/0/150").map(({ code }) => code);
      expect(codes).toEqual([
        ...["0.03", "2.31", "0.03", "2.31", "0.03", "2.04"],
        ...["0.01", "2.05", "0.01", "2.05", "0.01", "2.05"],
      ]);
    });

    test("LwM2M Core 1.1.1 §7.4.3: the texts in the TLV of /3442/0 are what the device has", () => {
      const texts = messages.map(({ tlvTexts }) => tlvTexts).join();
      for (const text of ["naïve text", "zero", "one"]) expect(texts).toContain(text);
    });

    test("this judge can say no: an option that is cut off is marked", async () => {
      const bytes = Buffer.from("3101f0b57264", "hex");
      const [judged] = await dissectStreams([{ at: 0, from: 5683, to: 40_000, bytes }], [5683]);
      expect(judged.complaints).not.toBe("");
    });
  },
);
