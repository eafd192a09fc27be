/** Leshan's client at our connector: each operation that it has, asked for as a suite for the Leshan demo server does. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SENML_CBOR, SENML_JSON } from "../../protocol/coap/content-formats.ts";
import { proves } from "../support/proves.ts";
import { RunningConnector } from "./support/connector.ts";
import { LeshanApi } from "./support/leshan-api.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const EP = "leshan-operations";
const TEMPERATURE = "/3303/0/5700";
/** How long to wait for what is not to come, milliseconds. */
const QUIET = 500;

/** As Leshan's demo server names them. */
const SENML = [
  { name: "SenML JSON", format: "SENML_JSON" },
  { name: "SenML CBOR", format: "SENML_CBOR" },
];
const FORMATS = [{ name: "TLV", format: "TLV" }, ...SENML];

const resource = (id: number, type: string, value: unknown) => ({
  id,
  kind: "singleResource",
  type,
  value,
});
const temperature = (value: string) => resource(5700, "FLOAT", value);

describeWith(["leshan"], "Leshan's client at our connector, operation by operation", () => {
  let connector: RunningConnector;
  let leshan: RemotePeer;
  let api: LeshanApi;

  beforeAll(async () => {
    connector = await RunningConnector.start();
    leshan = RemotePeer.leshanClient(connector.coapUrl, EP, "60");
    await leshan.event("registered", 30_000);
    api = await LeshanApi.open(connector.rest, EP);
  });
  afterAll(async () => {
    await api?.close();
    await leshan?.stop();
    await connector?.close();
  });

  /** Sets the client's value, and waits until it is so. */
  async function measure(value: number): Promise<void> {
    leshan.tell({ op: "set", path: TEMPERATURE, value });
    await leshan.event("set");
  }

  describe.each(SENML)("composites in $name", ({ format }) => {
    const composite = (paths = "", more = "") =>
      `composite${more}?pathformat=${format}&nodeformat=${format}&timeout=10${paths && `&paths=${paths}`}`;

    test("LwM2M Core 1.1.1 §6.3.8: an instance, a resource and a resource instance are read as one", async () => {
      proves("connector", "read-composite");
      shows("Read-Composite");
      await measure(20.5);
      const { status, content } = await api.ask("GET", composite("/3303/0,/3/0/0,/3442/0/1110/0"));
      expect(status).toBe("CONTENT(205)");
      expect(content["/3/0/0"]).toEqual(resource(0, "STRING", "Eclipse Leshan"));
      expect(content["/3303/0"]).toMatchObject({ kind: "instance", id: 0 });
      expect(content["/3303/0"].resources).toContainEqual(temperature("20.5"));
      expect(content["/3442/0/1110/0"]).toMatchObject({ kind: "resourceInstance", id: 0 });
    });

    test("LwM2M Core 1.1.1 §6.3.8: what is not there is left out of the answer", async () => {
      proves("connector", "read-composite");
      shows("Read-Composite");
      const { status, content } = await api.ask("GET", composite("/3/0/0,/3303/9,/3/0/77"));
      expect([status, Object.keys(content)]).toEqual(["CONTENT(205)", ["/3/0/0"]]);
    });

    test("LwM2M Core 1.1.1 §6.3.9: resources of two objects are written as one and read back", async () => {
      proves("connector", "write-composite");
      shows("Write-Composite");
      const written = {
        "/3442/0/110": resource(110, "STRING", `by ${format}`),
        "/3442/0/120": resource(120, "INTEGER", "-9223372036854775808"),
        "/3303/0/5750": resource(5750, "STRING", "attic"),
      };
      expect(await api.ask("PUT", composite(), written)).toMatchObject({ status: "CHANGED(204)" });
      const { content } = await api.ask("GET", composite(Object.keys(written).join(",")));
      expect(content).toEqual(written);
    });

    test("LwM2M Core 1.1.1 §6.4.4: several places are observed as one, until that is cancelled", async () => {
      proves("connector", "observe-composite");
      shows("Observe-Composite", "Cancel Observation");
      await measure(20.5);
      const observed = composite(`${TEMPERATURE},/3/0/0`, "/observe");
      expect(await api.ask("POST", observed)).toMatchObject({
        status: "CONTENT(205)",
        content: { [TEMPERATURE]: temperature("20.5") },
      });
      await measure(21.5);
      expect(await api.event("NOTIFICATION")).toEqual({
        ep: EP,
        kind: "composite",
        paths: [TEMPERATURE, "/3/0/0"],
        val: {
          [TEMPERATURE]: temperature("21.5"),
          "/3/0/0": resource(0, "STRING", "Eclipse Leshan"),
        },
      });
      expect(await api.ask("DELETE", `${observed}&active`)).toMatchObject({
        status: "CONTENT(205)",
      });
      await measure(22.5);
      await nothing("NOTIFICATION");
    });
  });

  test.each([
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("LwM2M Core 1.1.1 §6.4.6: what the client sends in $name comes as an event, and it is answered", async ({
    format,
  }) => {
    proves("connector", "send");
    shows("Send");
    await measure(23.5);
    leshan.tell({ op: "send", paths: [TEMPERATURE, "/3/0/0"], format });
    expect(await leshan.event("send-answered")).toMatchObject({ code: "204" });
    expect(await api.event("SEND")).toEqual({
      ep: EP,
      val: {
        [TEMPERATURE]: temperature("23.5"),
        "/3/0/0": resource(0, "STRING", "Eclipse Leshan"),
      },
    });
  });

  test.each([
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("LwM2M Core 1.1.1 §6.4.6: of values that the client has collected the event shows the latest, in $name", async ({
    format,
  }) => {
    proves("connector", "send-history");
    shows("Send");
    for (const value of [1.5, 2.5, 3.5]) {
      await measure(value);
      leshan.tell({ op: "collect", paths: [TEMPERATURE] });
      await leshan.event("collected");
    }
    leshan.tell({ op: "send-collected", format });
    expect(await api.event("SEND")).toEqual({
      ep: EP,
      val: { [TEMPERATURE]: temperature("3.5") },
    });
  });

  test.each(
    FORMATS,
  )("LwM2M Core 1.1.1 §6.3.3: one resource instance is written in $name, and the others stay", async ({
    format,
  }) => {
    proves("connector", "write-replace");
    shows("Write (Replace)");
    const all = { id: 1120, kind: "multiResource", type: "INTEGER", values: { 0: "1", 7: "2" } };
    expect(await api.ask("PUT", `3442/0/1120?format=${format}`, all)).toMatchObject({
      status: "CHANGED(204)",
    });
    const one = { id: 7, kind: "resourceInstance", type: "INTEGER", value: "-3" };
    expect(await api.ask("PUT", `3442/0/1120/7?format=${format}`, one)).toMatchObject({
      status: "CHANGED(204)",
    });
    expect((await api.ask("GET", `3442/0/1120/7?format=${format}`)).content).toEqual(one);
    expect((await api.ask("GET", `3442/0/1120?format=${format}`)).content).toEqual({
      ...all,
      values: { 0: "1", 7: "-3" },
    });
  });

  test.each(
    FORMATS,
  )("LwM2M Core 1.1.1 §6.3.3: an instance is updated in part and replaced in $name", async ({
    format,
  }) => {
    proves("connector", "write-partial", "write-replace");
    shows("Write (Partial Update)", "Write (Replace)");
    const write = (replace: boolean, ...resources: object[]) =>
      api.ask("PUT", `3442/0?replace=${replace}&format=${format}`, {
        id: 0,
        kind: "instance",
        resources,
      });
    const changed = { status: "CHANGED(204)" };
    const [text, number] = [resource(110, "STRING", format), resource(130, "FLOAT", "-0.5")];
    expect(await write(false, text)).toMatchObject(changed);
    expect(await write(false, number)).toMatchObject(changed);
    // The text has stayed.
    expect((await api.ask("GET", "3442/0/110")).content).toEqual(text);
    expect(await write(true, number)).toMatchObject(changed);
    expect((await api.ask("GET", "3442/0")).content.resources).toEqual([number]);
  });

  test.each(
    FORMATS,
  )("LwM2M Core 1.1.1 §6.3.6: an instance is created in $name with an id of ours, and deleted", async ({
    format,
  }) => {
    proves("connector", "create", "delete");
    shows("Create", "Delete");
    const body = { id: 9, kind: "instance", resources: [resource(5750, "STRING", "nine")] };
    const created = await api.ask("POST", `3303?format=${format}`, body);
    expect(created).toMatchObject({ status: "CREATED(201)" });
    expect((await api.ask("GET", "3303/9/5750")).content).toMatchObject({ value: "nine" });
    expect(await api.ask("DELETE", "3303/9")).toMatchObject({ status: "DELETED(202)" });
    expect(await api.ask("GET", "3303/9")).toMatchObject({ status: "NOT_FOUND(404)" });
  });

  test("LwM2M Core 1.1.1 §6.3.6: an instance is created with an id of the client's own", async () => {
    proves("connector", "create", "delete");
    shows("Create", "Delete");
    const body = { resources: [resource(5750, "STRING", "somewhere")] };
    const { status, location } = await api.ask("POST", "3303", body);
    expect([status, location]).toEqual(["CREATED(201)", expect.stringMatching(/^\/3303\/\d+$/)]);
    expect((await api.ask("GET", `${location.slice(1)}/5750`)).content).toMatchObject({
      value: "somewhere",
    });
    expect(await api.ask("DELETE", location.slice(1))).toMatchObject({ status: "DELETED(202)" });
  });

  // Leshan's client notifies by pmax too, but with the Observe number of the notification before (RFC 7641 §4.4 wants a higher one each
  // time): what repeats a value is no news to the connector.
  test("LwM2M Core 1.1.1 §6.3.4: attributes are written, discovered, kept to and removed", async () => {
    proves("connector", "write-attributes", "discover");
    shows("Write-Attributes", "Discover");
    const place = TEMPERATURE.slice(1);
    expect(await api.ask("PUT", `${place}/attributes?pmin=1&pmax=60`)).toMatchObject({
      status: "CHANGED(204)",
    });
    const { objectLinks } = await api.ask("GET", `${place}/discover`);
    expect(objectLinks).toEqual([{ url: TEMPERATURE, attributes: { pmin: "1", pmax: "60" } }]);
    await api.ask("POST", `${place}/observe`);
    for (const value of [1.5, 2.5, 3.5]) await measure(value);
    expect(await api.event("NOTIFICATION")).toMatchObject({
      res: TEMPERATURE,
      val: temperature("3.5"),
    });
    expect(api.untaken("NOTIFICATION")).toEqual([]);
    await api.ask("DELETE", `${place}/observe?active`);
    await api.ask("PUT", `${place}/attributes?pmin&pmax`);
    const { objectLinks: after } = await api.ask("GET", `${place}/discover`);
    expect(after).toEqual([{ url: TEMPERATURE, attributes: {} }]);
  });

  test.each([
    { level: "an object", path: "3303", kind: "obj" },
    { level: "an instance", path: "3303/0", kind: "instance" },
    { level: "a resource", path: "3303/0/5700", kind: "singleResource" },
  ])("LwM2M Core 1.1.1 §6.4.1: $level is observed, and the observation ends with its cancellation", async ({
    path,
    kind,
  }) => {
    proves("connector", "observe", "cancel");
    shows("Observe", "Notify", "Cancel Observation");
    await measure(20);
    const first = await api.ask("POST", `${path}/observe`);
    expect(first).toMatchObject({ status: "CONTENT(205)", content: { kind } });
    await measure(-4.25);
    const told = await api.event("NOTIFICATION");
    expect(told).toMatchObject({ kind: "single", res: `/${path}`, val: { kind } });
    expect(JSON.stringify(told)).toContain('"-4.25"');
    expect(await api.ask("DELETE", `${path}/observe?active`)).toMatchObject({
      status: "CONTENT(205)",
    });
    await measure(20);
    await nothing("NOTIFICATION");
  });

  test("LwM2M Core 1.1.1 §6.4.1: a resource instance is observed", async () => {
    proves("connector", "observe");
    shows("Observe", "Notify");
    const all = { id: 1110, kind: "multiResource", type: "STRING", values: { 0: "a", 1: "b" } };
    await api.ask("PUT", "3442/0/1110?format=TLV", all);
    const first = await api.ask("POST", "3442/0/1110/0/observe");
    expect(first).toMatchObject({ status: "CONTENT(205)", content: { kind: "resourceInstance" } });
    const changed = { id: 0, kind: "resourceInstance", type: "STRING", value: "changed" };
    await api.ask("PUT", "3442/0/1110/0?format=SENML_CBOR", changed);
    expect(await api.event("NOTIFICATION")).toMatchObject({ res: "/3442/0/1110/0", val: changed });
    await api.ask("DELETE", "3442/0/1110/0/observe");
  });

  async function nothing(event: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, QUIET));
    expect(api.untaken(event)).toEqual([]);
  }
});

describeWith(["leshan"], "Leshan's client in queue mode at our connector", () => {
  test("LwM2M Core 1.1.1 §6.2.1.2: it is known to be in queue mode, and asked while it is awake", async () => {
    proves("connector", "register-bindings");
    shows("Queue mode");
    const connector = await RunningConnector.start();
    const leshan = RemotePeer.leshanClient(connector.coapUrl, EP, "60", "queue");
    await leshan.event("registered", 30_000);
    const api = await LeshanApi.open(connector.rest, EP);
    expect(await api.ask("GET", "")).toMatchObject({ endpoint: EP, queuemode: true });
    expect((await api.ask("GET", "3/0/0")).content).toMatchObject({ value: "Eclipse Leshan" });
    await api.close();
    await leshan.finish();
    await connector.close();
  });
});
