import { describe, expect, test } from "vitest";
import { contentFormatOf, mediaTypeOf } from "../../../../connector/notifications/media-types.ts";
import {
  asyncResponseJson,
  type EventKind,
  messageJson,
  notificationJson,
  registrationJson,
} from "../../../../connector/notifications/message.ts";
import {
  isObservable,
  LISTED,
  linkAt,
  mediaTypeOfLink,
  POSSIBLE,
  standingOf,
  UNLISTED,
} from "../../../../connector/notifications/resources.ts";
import { bytes, FakeDevices } from "../rest/fake-devices.ts";

const devices = new FakeDevices();

describe("message", () => {
  test("has only the members that are not empty", () => {
    const elements = new Map<EventKind, string[]>([
      ["async-responses", ['{"id":"1"}', '{"id":"2"}']],
      ["registrations", []],
      ["notifications", ["{}"]],
    ]);
    expect(messageJson(elements)).toBe(
      '{"notifications":[{}],"async-responses":[{"id":"1"},{"id":"2"}]}',
    );
  });

  test("a response has an error on failure and no such member on success", () => {
    const response = {
      id: "7#a",
      status: 200,
      error: undefined,
      payload: bytes("12"),
      mediaType: "text/plain",
      maxAgeSeconds: 60,
    };
    expect(JSON.parse(asyncResponseJson(response))).toEqual({
      id: "7#a",
      status: 200,
      ct: "text/plain",
      "max-age": 60,
      payload: "MTI=",
    });
    const failure = { ...response, status: 504, error: "late", payload: bytes("") };
    expect(JSON.parse(asyncResponseJson(failure))).toMatchObject({ error: "late", payload: "" });
  });

  test("a payload is written from its own bytes and not from its neighbours'", () => {
    const datagram = bytes("head12tail");
    const payload = datagram.subarray(4, 6);
    const json = notificationJson("node", "/a", payload, "text/plain", 0);
    expect(JSON.parse(json).payload).toBe("MTI=");
  });

  test("a registration escapes what a device calls itself, and follows its list", () => {
    const name = '"}\\\u2028é';
    const first = devices.register(name, '</a>;rt="x"', { endpointType: name });
    expect(JSON.parse(registrationJson(first))).toEqual({
      ep: name,
      ept: name,
      q: false,
      resources: [{ path: "/a", if: "", rf: "x", rt: "x", ct: "", obs: false }],
    });
    expect(registrationJson(first)).toBe(registrationJson(first));
    expect(JSON.parse(registrationJson(devices.relist(name, "</b>"))).resources).toMatchObject([
      { path: "/b" },
    ]);
  });

  test("two devices with one list, only one of which speaks LwM2M, are told apart", () => {
    const plain = devices.register("plain", "</3/0>");
    const { links } = plain;
    const lwm2m = devices.register("lwm2m", "", { version: "1.1", links });
    const observable = [plain, lwm2m].map(
      (registration) => JSON.parse(registrationJson(registration)).resources[0].obs,
    );
    expect(observable).toEqual([false, true]);
  });
});

describe("what a list says", () => {
  const listed =
    '</a>;obs,</b>;obs=0,</c>;obs="1",</d>;ct=60,</e>;ct="110 112",</f>;ct=x,</g>;ct=4711';
  const endpoint = devices.register("list", `${listed},</h/1/x>`);
  const links = new Map(endpoint.links.map((link) => [link.uri, link]));

  test("obs is a flag that may be written in several ways", () => {
    const observable = ["/a", "/b", "/c", "/d"].map((uri) =>
      isObservable(endpoint, links.get(uri)!),
    );
    expect(observable).toEqual([true, false, true, false]);
  });

  test("ct becomes a media type, the first of several", () => {
    const types = ["/a", "/d", "/e", "/f", "/g"].map((uri) => mediaTypeOfLink(links.get(uri)!));
    expect(types).toEqual([
      "",
      "application/cbor",
      "application/senml+json",
      "",
      "application/octet-stream",
    ]);
  });

  test("a plain CoAP device lists all it has, an LwM2M device its instances", () => {
    const standing = (path: string) => standingOf(endpoint, path);
    expect([standing("/a"), standing("/h/1/x"), standing("/z")]).toEqual([
      LISTED,
      LISTED,
      UNLISTED,
    ]);
    const mbed = devices.register("mbed", "</3/0/1>");
    expect(standingOf(mbed, "/3/0")).toBe(POSSIBLE);
    expect(standingOf(mbed, "/3/0/2")).toBe(UNLISTED);
    const lwm2m = devices.register("lwm2m", "</3/0>,</31/0>,</5>", { version: "1.0" });
    expect(standingOf(lwm2m, "/3/0")).toBe(LISTED);
    for (const path of ["/3", "/3/1", "/3/0/1/2", "/5/0", "/31"]) {
      expect([path, standingOf(lwm2m, path)]).toEqual([path, POSSIBLE]);
    }
    for (const path of ["/", "/1", "/30/0", "/3/0/1/2/3", "/03/0", "/x"]) {
      expect([path, standingOf(lwm2m, path)]).toEqual([path, UNLISTED]);
    }
    expect(linkAt(lwm2m, "/5")?.uri).toBe("/5");
  });
});

describe("media types", () => {
  test("each format and its media type mean each other", () => {
    for (const format of [0, 40, 41, 42, 47, 50, 60, 110, 112, 11542, 11543, 11544]) {
      expect(contentFormatOf(mediaTypeOf(format))).toBe(format);
    }
  });

  test("case and parameters do not count, and what is not known has no format", () => {
    expect(contentFormatOf("Text/Plain; charset=utf-8")).toBe(0);
    expect(contentFormatOf("image/png")).toBeUndefined();
    expect(contentFormatOf("")).toBeUndefined();
    expect(mediaTypeOf(undefined)).toBe("text/plain");
    expect(mediaTypeOf(65000)).toBe("application/octet-stream");
  });
});
