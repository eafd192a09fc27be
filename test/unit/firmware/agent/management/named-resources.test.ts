import { describe, expect, test } from "vitest";
import { sensorObject } from "../../../../../firmware/objects/sensor.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, OCTET_STREAM, TEXT } from "../../../../../protocol/coap/content-formats.ts";
import { MAX_AGE, uintOf } from "../../../../../protocol/coap/options.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import {
  DELETE_ALLOWED,
  NamedResource,
  POST_ALLOWED,
  PUT_ALLOWED,
} from "../../../../../protocol/resources/named-resource.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";

function given() {
  const speed = new NamedResource("/actuator/0/speed", {
    type: "5851",
    format: TEXT,
    observable: true,
    value: "12",
    allowed: PUT_ALLOWED | DELETE_ALLOWED,
  });
  const drive = new NamedResource("/actuator/0/drive", { allowed: POST_ALLOWED });
  const image = new NamedResource("/camera/image", {
    format: OCTET_STREAM,
    interface: "sensor",
    maxAge: 60,
    value: Uint8Array.of(1, 2),
    allowed: 0,
  });
  const pair = new AgentPair({
    plain: true,
    endpointType: "Light",
    resources: [speed, drive, image],
    makeResource: (path) =>
      path.startsWith("/notes/") ? new NamedResource(path, { observable: true }) : undefined,
  }).started();
  return { pair, speed, drive, image };
}

describe("named resources", () => {
  test("RFC 6690 §3: the registration lists them with their attributes", () => {
    expect(given().pair.server.registrations).toEqual([
      "POST /rd?ep=dev&lt=86400&et=Light (" +
        '</actuator/0/speed>;rt="5851";ct=0;obs,</actuator/0/drive>,</camera/image>;if="sensor";ct=42)',
    ]);
  });

  test("RFC 6690 §4: /.well-known/core lists them too", () => {
    const { pair } = given();
    const answer = pair.server.read("/.well-known/core");
    expect(answer).toMatchObject({ code: "2.05", format: LINK_FORMAT });
    expect(answer.text).toContain('</actuator/0/speed>;rt="5851";ct=0;obs');
    expect(pair.server.ask(codes.POST, "/.well-known/core").code).toBe("4.05");
  });

  test("GET reads, fresh unless the resource says how long", () => {
    const { pair } = given();
    const speed = pair.server.read("/actuator/0/speed");
    expect(speed).toMatchObject({ code: "2.05", format: TEXT, text: "12" });
    expect(uintOf(speed.options, MAX_AGE, 60)).toBe(0);
    const image = pair.server.read("/camera/image");
    expect(image).toMatchObject({ format: OCTET_STREAM, payload: Uint8Array.of(1, 2) });
    expect(uintOf(image.options, MAX_AGE, 0)).toBe(60);
  });

  test("a value can be supplied at each read, as a number too", () => {
    const { pair, drive } = given();
    expect(pair.server.read("/actuator/0/drive").code).toBe("4.05");
    drive.onRead = () => 7.5;
    expect(pair.server.read("/actuator/0/drive").text).toBe("7.5");
  });

  test("PUT writes; the application may refuse", () => {
    const { pair, speed } = given();
    speed.onWrite = (_speed, value) => value !== "fast";
    expect(pair.server.write("/actuator/0/speed", "95", TEXT).code).toBe("2.04");
    expect(pair.server.write("/actuator/0/speed", "fast").code).toBe("4.00");
    expect(speed.value).toBe("95");
  });

  test("POST runs and may answer with content", () => {
    const { pair, drive } = given();
    drive.onExecute = (_drive, payload) => (payload.length > 0 ? "done" : undefined);
    expect(pair.server.execute("/actuator/0/drive", "ahead")).toMatchObject({
      code: "2.04",
      text: "done",
    });
    expect(pair.server.execute("/actuator/0/drive")).toMatchObject({ code: "2.04", text: "" });
  });

  test("DELETE removes; the next Update carries the new list", () => {
    const { pair } = given();
    expect(pair.server.ask(codes.DELETE, "/actuator/0/speed").code).toBe("2.02");
    expect(pair.server.read("/actuator/0/speed").code).toBe("4.04");
    expect(pair.server.registrations.slice(1)).toEqual([
      'POST /rd/0 (</actuator/0/drive>,</camera/image>;if="sensor";ct=42)',
    ]);
  });

  test("PUT makes what the configuration lets it make, and the server is told", () => {
    const { pair } = given();
    expect(pair.server.write("/notes/1", "hello").code).toBe("2.01");
    expect(pair.server.read("/notes/1").text).toBe("hello");
    expect(pair.server.registrations.slice(1)).toEqual([
      expect.stringContaining("</notes/1>;obs)"),
    ]);
    expect(pair.server.write("/elsewhere", "hello").code).toBe("4.04");
  });

  test.each([
    ["PUT", "/actuator/0/drive", undefined, "4.05"],
    ["PUT", "/camera/image", undefined, "4.05"],
    ["PUT", "/actuator/0/speed", OCTET_STREAM, "4.15"],
    ["POST", "/actuator/0/speed", undefined, "4.05"],
    ["DELETE", "/camera/image", undefined, "4.05"],
    ["FETCH", "/camera/image", undefined, "4.05"],
    ["POST", "/nowhere", undefined, "4.04"],
    ["DELETE", "/nowhere", undefined, "4.04"],
    ["PUT", "/", undefined, "4.04"],
  ])("%s %s in format %s is %s", (method, path, format, code) => {
    const { pair } = given();
    const number = { PUT: codes.PUT, POST: codes.POST, DELETE: codes.DELETE, FETCH: codes.FETCH }[
      method as "PUT"
    ];
    expect(pair.server.ask(number, path, { payload: "x", format }).code).toBe(code);
  });

  test("Accept of another format is 4.06", () => {
    expect(given().pair.server.read("/camera/image", { accept: TEXT }).code).toBe("4.06");
  });

  test("an observable one is observed; DELETE tells its observers", () => {
    const { pair, speed } = given();
    expect(pair.server.observe("/actuator/0/speed").text).toBe("12");
    pair.wait(10);
    speed.set("13");
    speed.set("13");
    pair.wait(10);
    pair.server.write("/actuator/0/speed", "14");
    pair.server.ask(codes.DELETE, "/actuator/0/speed");
    pair.wait(10);
    expect(pair.server.notes()).toEqual(["10 13", "20 14", "20 4.04"]);
    expect(pair.agent.deadline()).toBeGreaterThan(pair.now);
  });

  test("one that is not observable is read without Observe, and observing can be cancelled", () => {
    const { pair, speed, image } = given();
    expect(pair.server.observe("/camera/image").options.some(({ number }) => number === 6)).toBe(
      false,
    );
    image.set(Uint8Array.of(3));
    pair.server.observe("/actuator/0/speed");
    pair.server.endpoint.cancelObservation(0, 2);
    pair.wait(0);
    speed.set("15");
    pair.wait(10);
    expect(pair.server.notes()).toEqual([]);
  });

  test("a plain CoAP device has no LwM2M objects", () => {
    expect(given().pair.server.read("/1/0/0").code).toBe("4.04");
  });

  test("beside LwM2M objects a named resource wins, even on a numeric path", () => {
    const resource = new NamedResource("/3303/0/5700", { value: "named" });
    const objects = [sensorObject(TEMPERATURE)];
    const pair = new AgentPair({ objects, resources: [resource] }).started();
    expect(pair.server.read("/3303/0/5700").text).toBe("named");
    expect(pair.server.read("/3303").code).toBe("2.05");
    expect(pair.server.registrations[0]).toContain("</3303/0/5700>)");
  });

  test("the same path twice is the caller's fault", () => {
    const { pair } = given();
    expect(() => pair.agent.addResource(new NamedResource("/camera/image", {}))).toThrow(
      expect.objectContaining({ code: "agent/resource-exists" }),
    );
    pair.agent.removeResource("/nowhere");
    expect(pair.server.registrations).toHaveLength(1);
  });

  test("requests are told by LwM2M's names", () => {
    const { pair } = given();
    pair.eventLines();
    pair.server.read("/actuator/0/speed");
    pair.server.write("/actuator/0/speed", "1");
    pair.server.execute("/actuator/0/drive");
    pair.server.observe("/actuator/0/speed");
    pair.server.ask(codes.DELETE, "/actuator/0/speed");
    expect(pair.eventLines()).toEqual([
      "Read /actuator/0/speed -> 2.05",
      "Write /actuator/0/speed -> 2.04",
      "Execute /actuator/0/drive -> 2.04",
      "Observe /actuator/0/speed -> 2.05",
      "Delete /actuator/0/speed -> 2.02",
      "updated",
    ]);
  });
});
