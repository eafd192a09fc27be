import { describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../firmware/agent/agent.ts";
import { Agent } from "../../../firmware/agent/agent.ts";
import type { Loop } from "../../../firmware/loop.ts";
import { run } from "../../../firmware/loop.ts";
import { addSensor, sensorObject } from "../../../firmware/objects/sensor.ts";
import type { Board } from "../../../firmware/ports.ts";
import type { CoapEvent } from "../../../protocol/coap/coap-endpoint.ts";
import {
  CoapEndpoint,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../protocol/coap/codes.ts";
import { LOCATION_PATH, OBSERVE, URI_PATH, uintOption } from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { coapSettings, countingRandom } from "../../support/coap-pair.ts";
import { SECOND } from "../../support/durations.ts";

const NOTHING = new Uint8Array(0);

/** A board whose alarm rings when the test says so, and whose one channel leads to a CoAP endpoint. */
class FakeBoard implements Board {
  now = 0;
  alarmAt = Infinity;
  ring: () => void = () => {};
  isRadioOn = true;
  isOpen = false;
  opened: string[] = [];
  closed: string[] = [];
  receive: (datagram: Uint8Array) => void = () => {};
  readonly server = new CoapEndpoint(coapSettings({ random: countingRandom(0x100) }));
  readonly notes: string[] = [];
  readonly clock = { now: () => this.now };
  readonly calendar = { seconds: () => 0, setSeconds: () => false };
  readonly random = countingRandom(1);
  readonly power = {
    setRadio: (isOn: boolean) => {
      this.isRadioOn = isOn;
    },
    reboot: () => {},
    factoryReset: () => {},
  };
  readonly alarm = {
    arm: (at: number, ring: () => void) => {
      this.alarmAt = at;
      this.ring = ring;
    },
  };
  readonly datagrams = {
    open: (host: string, port: number, receive: (datagram: Uint8Array) => void) => {
      this.opened.push(`${host}:${port}`);
      this.isOpen = true;
      this.receive = receive;
      return {
        send: (datagram: Uint8Array) => {
          this.server.handleDatagram(this.now, datagram);
          this.answer();
        },
        close: () => {
          this.isOpen = false;
          this.closed.push(`${host}:${port}`);
        },
      };
    },
  };

  /** Delivers what the server has sent; not from within `send`, as no network would. */
  deliver(): void {
    for (let sent = this.server.pollTransmit(); sent; sent = this.server.pollTransmit()) {
      this.receive(sent);
    }
  }

  /** Rings the alarm whenever it is due, until `at`. */
  until(at: number): void {
    this.deliver();
    while (this.alarmAt <= at) {
      this.now = Math.max(this.now, this.alarmAt);
      this.ring();
      this.deliver();
    }
    this.now = at;
  }

  private answer(): void {
    for (let event = this.server.pollEvent(); event; event = this.server.pollEvent()) {
      this.handle(event);
    }
  }

  private handle(event: CoapEvent): void {
    if (event.kind === RESPONSE_RECEIVED) {
      this.notes.push(new TextDecoder().decode(event.response.payload));
    }
    if (event.kind !== REQUEST_RECEIVED) return;
    const isDelete = event.request.code === codes.DELETE;
    this.server.respond(this.now, event.request, {
      code: isDelete ? codes.DELETED : codes.CREATED,
      options: pathOptions(LOCATION_PATH, "/rd/1"),
      payload: NOTHING,
    });
  }
}

function given(configuration: Partial<AgentConfiguration> = {}, handle = () => {}) {
  const board = new FakeBoard();
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, 20, "Cel");
  const agent = new Agent({
    endpointName: "dev",
    settings: coapSettings(),
    objects: [sensor],
    ...configuration,
  });
  agent.addServer({ shortServerId: 1, uri: "coap://server.test:1234" });
  const events: string[] = [];
  const loop: Loop = run(agent, board, (event) => {
    events.push(event.kind);
    handle();
  });
  board.deliver();
  return { board, sensor, agent, events, loop };
}

describe("the loop", () => {
  test("opens a channel per server, registers and arms the alarm for what comes next", () => {
    const { board, agent, events } = given();
    expect(board.opened).toEqual(["server.test:1234"]);
    expect(events).toEqual(["registered"]);
    expect(board.alarmAt).toBe(agent.deadline());
  });

  test("a change by the application goes out through the alarm, not in the middle of it", () => {
    const { board, sensor } = given();
    const options = [...pathOptions(URI_PATH, "/3303/0/5700"), uintOption(OBSERVE, 0)];
    board.server.request(0, { code: codes.GET, options, payload: NOTHING });
    board.deliver();
    sensor.set(0, SENSOR_VALUE, 25);
    expect(board.notes).toEqual(["20"]);
    expect(board.alarmAt).toBe(0);
    board.until(0);
    expect(board.notes).toEqual(["20", "25"]);
  });

  test("queue mode: the radio goes off and on; what arrives between is dropped", () => {
    const { board, events } = given({ queueMode: true, awakeFor: 10 * SECOND, lifetime: 600 });
    board.until(10 * SECOND);
    expect(board.isRadioOn).toBe(false);
    board.server.request(board.now, { code: codes.GET, options: [], payload: NOTHING });
    board.deliver();
    expect(board.notes).toEqual([]);
    board.until(354 * SECOND);
    expect(board.isRadioOn).toBe(true);
    expect(events).toEqual(["registered", "asleep", "awake", "updated"]);
  });

  test("stop de-registers, closes and says so, once", () => {
    const { board, loop, events } = given();
    let stops = 0;
    loop.stop(() => stops++);
    expect(stops).toBe(0);
    board.deliver();
    expect([stops, board.isOpen, board.alarmAt]).toEqual([1, false, Infinity]);
    expect(events).toEqual(["registered", "deregistered"]);
    loop.close();
    board.receive(NOTHING);
    expect(stops).toBe(1);
  });

  test("closed while an event is handled it arms no alarm", () => {
    let close = () => {};
    const { board, loop } = given({ lifetime: 60 }, () => close());
    close = () => loop.close();
    board.until(30 * SECOND);
    expect([board.isOpen, board.alarmAt]).toEqual([false, Infinity]);
  });

  test("a server that comes gets a channel, one that goes gives it back, others keep theirs", () => {
    const { board, agent } = given();
    const [first] = board.opened;
    agent.addServer({ shortServerId: 2, uri: "coap://second.test" });
    agent.wake();
    board.until(board.now);
    expect(board.opened).toEqual([first, "second.test:5683"]);
    agent.links = agent.links.slice(1);
    agent.wake();
    board.until(board.now);
    expect(board.opened).toHaveLength(2);
    expect(board.closed).toEqual([first]);
  });

  test("close ends without a word", () => {
    const { board, loop, agent, events } = given();
    loop.close();
    expect([board.isOpen, board.alarmAt, agent.nudge]).toEqual([false, Infinity, undefined]);
    board.receive(Uint8Array.of(0x40, 1, 0, 1));
    expect(events).toEqual(["registered"]);
  });
});
