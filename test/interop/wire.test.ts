import { randomInt } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { ConnectorEvent, DownlinkRequest, ResponseEvent } from "../../connector/contract.ts";
import { ConnectorService } from "../../connector/service.ts";
import { defaultSettings } from "../../connector/settings.ts";
import { MemoryStore } from "../../connector/store/memory-store.ts";
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import {
  CBOR,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../protocol/coap/content-formats.ts";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import { startDevice } from "./support/device.ts";
import { EventLog } from "./support/event-log.ts";
import { describeWith } from "./support/peers.ts";
import { body } from "./support/requests.ts";
import { Tap } from "./support/tap.ts";
import type { Dissected } from "./support/tshark.ts";
import { dissect } from "./support/tshark.ts";

const EP = "wired";
const CON = "0";
const ACK = "2";

describeWith(
  ["tshark"],
  "what our agent and our connector say to each other, as tshark reads it",
  () => {
    let packets: Dissected[];
    let sent: number;

    beforeAll(async () => {
      const events = new EventLog<ConnectorEvent>();
      const connector = await ConnectorService.start({
        connector: defaultSettings({ uint32: () => randomInt(2 ** 32) }),
        store: new MemoryStore(),
        host: "127.0.0.1",
        port: 0,
        sink: (event) => events.add(event),
        log: (line) => console.log(line),
      });
      const { port } = connector;
      const tap = await Tap.open(port);
      const device = startDevice({ endpointName: EP, serverPort: tap.port });
      await events.next("registration", (event) => event.kind === "registration");

      async function ask(request: Partial<DownlinkRequest>): Promise<void> {
        const submission = connector.submit(EP, {
          method: GET,
          path: "/3/0",
          payload: new Uint8Array(0),
          confirmable: true,
          expiresIn: 10_000,
          ...request,
        });
        await answered(submission);
      }
      async function answered(submission: object): Promise<void> {
        const event = await events.next(
          `answer to ${JSON.stringify(submission)}`,
          (event) => event.kind === "response" && "id" in submission && event.id === submission.id,
        );
        expect((event as ResponseEvent).error).toBeUndefined();
      }

      for (const accept of [TLV, SENML_JSON, SENML_CBOR]) {
        for (const path of ["/3/0", "/3303", "/3442/0", "/3442/0/1120"])
          await ask({ path, accept });
      }
      for (const accept of [TEXT, CBOR]) await ask({ path: "/3442/0/130", accept });
      await ask({ path: "/3442/0/150", accept: OCTET_STREAM });
      const text = new TextEncoder();
      await ask({ method: PUT, path: "/3442/0/110", payload: text.encode("written") });
      await ask({
        method: PUT,
        path: "/3442/0/150",
        payload: body(5_000),
        contentFormat: OCTET_STREAM,
      });
      await ask({ path: "/3442/0/150", accept: OCTET_STREAM });
      await ask({
        method: POST,
        path: "/3442/0",
        payload: text.encode('[{"bn":"/3442/0/","n":"120","v":12}]'),
        contentFormat: SENML_JSON,
      });
      await ask({ method: POST, path: "/3/0/4", payload: text.encode("0='now'") });

      await answered(connector.observe(EP, "/3303/0/5700"));
      device.temperature.set(0, SENSOR_VALUE, 24.5);
      await events.next("notification", (event) => event.kind === "notification");
      device.temperature.create(1, { [SENSOR_VALUE]: 1 });
      await events.next("update", (event) => event.kind === "update");
      connector.cancelObservation(EP, "/3303/0/5700");
      await device.stop();
      await events.next("de-registration", (event) => event.kind === "deregistration");

      tap.close();
      await connector.close();
      sent = tap.datagrams.length;
      packets = await dissect(tap.datagrams, [port]);
    });

    test("every datagram is CoAP, and none is marked malformed or doubtful", () => {
      expect(packets.length).toBe(sent);
      expect(packets.filter((packet) => !packet.protocols.startsWith("raw:ip:udp:coap"))).toEqual(
        [],
      );
      expect(packets.filter((packet) => packet.complaints !== "")).toEqual([]);
    });

    test.each([
      { type: "application/vnd.oma.lwm2m+tlv", protocol: "lwm2mtlv" },
      { type: "application/senml+json", protocol: "json" },
      { type: "application/senml+cbor", protocol: "cbor" },
      { type: "application/cbor", protocol: "cbor" },
      { type: "text/plain; charset=utf-8", protocol: "data-text-lines" },
    ])("content of $type is read as $protocol", ({ type, protocol }) => {
      const answers = packets.filter(
        (packet) => packet.contentFormat === type && packet.code === "2.05",
      );
      expect(answers.length).toBeGreaterThan(0);
      for (const answer of answers) expect(answer.protocols.split(":").at(-1)).toBe(protocol);
    });

    test("LwM2M Core 1.1.1 §7.4.3: the texts in the TLV of /3/0 and /3442/0 are what the device has", () => {
      const texts = packets.map((packet) => packet.tlvTexts).join();
      for (const text of ["Dormouse", "Größe M", "naïve text", "zero", "one"]) {
        expect(texts).toContain(text);
      }
    });

    test.each([
      { operation: "Register", code: "0.02", path: /^\/rd$/, answer: "2.01" },
      { operation: "Update", code: "0.02", path: /^\/rd\/.+$/, answer: "2.04" },
      { operation: "De-register", code: "0.04", path: /^\/rd\/.+$/, answer: "2.02" },
      { operation: "Write", code: "0.03", path: /^\/3442\/0\/110$/, answer: "2.04" },
      { operation: "partial Write", code: "0.02", path: /^\/3442\/0$/, answer: "2.04" },
      { operation: "Execute", code: "0.02", path: /^\/3\/0\/4$/, answer: "2.04" },
    ])("$operation is a CON $code, answered $answer in its ACK", ({ code, path, answer }) => {
      const at = packets.findIndex((packet) => packet.code === code && path.test(packet.path));
      expect(packets[at]).toMatchObject({ type: CON });
      const { messageId } = packets[at];
      const acknowledgement = packets
        .slice(at + 1)
        .find((packet) => packet.type === ACK && packet.messageId === messageId);
      expect(acknowledgement).toMatchObject({ code: answer });
    });

    test("RFC 7959 §2.3: 5,000 bytes go in a block of 1024 and, as the agent prefers, 8 of 512, and come back in 10", () => {
      const answers = packets.filter(
        (packet) => packet.path === "/3442/0/150" && packet.type === ACK,
      );
      const codes = answers.map((packet) => packet.code);
      expect(codes).toEqual(["2.05", ...Array(8).fill("2.31"), "2.04", ...Array(10).fill("2.05")]);
    });

    test("RFC 7641 §3.6: an observation begins with Observe 0 and ends with Observe 1", () => {
      const asked = packets.filter(
        (packet) => packet.path === "/3303/0/5700" && packet.type === CON,
      );
      expect(asked.map((packet) => packet.observe)).toEqual(["0", "1"]);
    });

    test("this judge can say no: a truncated option and a TLV longer than its payload are marked", async () => {
      const damaged = ["40 01 00 01 b5 72 64", "62 45 00 01 00 01 c2 2d 16 ff c8 00 14 4f"];
      const datagrams = damaged.map((hex) => ({
        at: 0,
        from: 5683,
        to: 40_000,
        bytes: Buffer.from(hex.replaceAll(" ", ""), "hex"),
      }));
      const judged = await dissect(datagrams, [5683]);
      expect(judged.map((packet) => packet.complaints !== "")).toEqual([true, true]);
    });
  },
);
