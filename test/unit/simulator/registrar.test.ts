import { describe, expect, test } from "vitest";
import {
  CoapEndpoint,
  type CoapSettings,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/coap-endpoint.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  formatCode,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
} from "../../../protocol/coap/codes.ts";
import { LOCATION_PATH, URI_PATH } from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { pathOf, pathOptions, queryOptions } from "../../../protocol/coap/uri.ts";
import { SeededRandom } from "../../../simulator/random.ts";
import { Registrar } from "../../../simulator/registrar.ts";

const NO_BYTES = new Uint8Array(0);

function givenSettings(seed: number): CoapSettings {
  return {
    random: new SeededRandom(seed),
    transmission: DEFAULT_TRANSMISSION,
    blockSize: 1024,
    maxBody: 65536,
    rememberedMessages: 8,
    maxRequests: 4,
  };
}

/** A client on a perfect wire to a registrar. */
class Client {
  readonly registrar = new Registrar(givenSettings(1));
  private readonly endpoint = new CoapEndpoint(givenSettings(2));

  /** Sends a request and returns its answer as text: code and Location-Path. */
  ask(now: number, code: number, path: string, ...queries: string[]): string {
    const options = [...pathOptions(URI_PATH, path), ...queryOptions(queries)];
    this.endpoint.request(now, { code, options, payload: NO_BYTES });
    return this.exchange(now);
  }

  /** Lets datagrams flow until there are no more. */
  exchange(now: number): string {
    let answer = "";
    for (let moved = true; moved; ) {
      moved = false;
      for (let next = this.endpoint.pollTransmit(); next; next = this.endpoint.pollTransmit()) {
        this.registrar.handleDatagram(now, "here", next);
        moved = true;
      }
      for (let next = this.registrar.pollTransmit(); next; next = this.registrar.pollTransmit()) {
        this.endpoint.handleDatagram(now, next.datagram);
        moved = true;
      }
      for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
        if (event.kind === RESPONSE_RECEIVED) {
          const { code, options } = event.response;
          answer = `${formatCode(code)} ${pathOf(options, LOCATION_PATH)}`;
        } else if (event.kind === REQUEST_RECEIVED) {
          const content = { code: CONTENT, options: [], payload: Uint8Array.of(42) };
          this.endpoint.respond(now, event.request, content);
        }
        moved = true;
      }
    }
    return answer;
  }
}

describe("Registrar", () => {
  test("Register, Update, De-register", () => {
    const client = new Client();
    const { registrar } = client;
    expect(client.ask(0, POST, "/rd", "ep=a", "lt=60", "lwm2m=1.1")).toBe(
      `${formatCode(CREATED)} /rd/1`,
    );
    expect(registrar.isRegistered(60000, "a")).toBe(true);
    expect(registrar.isRegistered(60001, "a")).toBe(false);
    expect(client.ask(50000, POST, "/rd/1")).toBe(`${formatCode(CHANGED)} /`);
    expect(registrar.isRegistered(110000, "a")).toBe(true);
    expect(client.ask(60000, POST, "/rd/1", "lt=300")).toBe(`${formatCode(CHANGED)} /`);
    expect(registrar.isRegistered(360000, "a")).toBe(true);
    expect(client.ask(70000, DELETE, "/rd/1")).toBe(`${formatCode(DELETED)} /`);
    expect(registrar.isRegistered(70000, "a")).toBe(false);
  });

  test("a second Register of the same name gets a new location and ends the old one", () => {
    const client = new Client();
    client.ask(0, POST, "/rd", "ep=a", "lt=60");
    expect(client.ask(1, POST, "/rd", "ep=a", "lt=60")).toBe(`${formatCode(CREATED)} /rd/2`);
    expect(client.ask(2, POST, "/rd/1")).toBe(`${formatCode(NOT_FOUND)} /`);
  });

  test("an Update after the lifetime is answered 4.04 and counted", () => {
    const client = new Client();
    client.ask(0, POST, "/rd", "ep=a", "lt=60");
    expect(client.ask(60001, POST, "/rd/1")).toBe(`${formatCode(NOT_FOUND)} /`);
    expect(client.registrar.expired).toBe(1);
  });

  test("refuses what is no registration", () => {
    const client = new Client();
    expect(client.ask(0, POST, "/rd", "lt=60")).toBe(`${formatCode(BAD_REQUEST)} /`);
    expect(client.ask(0, POST, "/rd", "ep=a", "lt=x")).toBe(`${formatCode(BAD_REQUEST)} /`);
    expect(client.ask(0, GET, "/rd")).toBe(`${formatCode(METHOD_NOT_ALLOWED)} /`);
    expect(client.ask(0, GET, "/elsewhere")).toBe(`${formatCode(NOT_FOUND)} /`);
  });

  test("a request down to a device ends in one outcome with its answer", () => {
    const client = new Client();
    const { registrar } = client;
    client.ask(0, POST, "/rd", "ep=a", "lt=60");
    const options = pathOptions(URI_PATH, "/3/0/1");
    const id = registrar.request(5, "a", { code: GET, options, payload: NO_BYTES });
    client.exchange(5);
    expect(registrar.pollOutcome()).toMatchObject({
      endpointName: "a",
      id,
      response: { code: CONTENT, payload: Uint8Array.of(42) },
      failure: undefined,
    });
    expect(registrar.pollOutcome()).toBeUndefined();
    expect(registrar.request(6, "nobody", { code: GET, options, payload: NO_BYTES })).toBe(0);
  });

  test("a device that does not answer is given up after 93 s at most", () => {
    const client = new Client();
    const { registrar } = client;
    client.ask(0, POST, "/rd", "ep=a", "lt=600");
    registrar.request(0, "a", { code: GET, options: [], payload: NO_BYTES });
    while (registrar.deadline() <= 93000) registrar.handleTimeout(registrar.deadline());
    expect(registrar.pollOutcome()).toMatchObject({ response: undefined, failure: "timed-out" });
  });

  test("a server that lost its store answers 4.04", () => {
    const client = new Client();
    client.ask(0, POST, "/rd", "ep=a", "lt=600");
    client.registrar.forgetAll();
    expect(client.ask(1, POST, "/rd/1")).toBe(`${formatCode(NOT_FOUND)} /`);
  });
});
