/** Flows of the public clients of mDash against a running connector, devices included: only the host is another. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Mail } from "../../connector/access/mail.ts";
import { NamedResource, POST_ALLOWED } from "../../protocol/resources/named-resource.ts";
import { House, type RunningDevice } from "./support/house.ts";

const EMAIL = "moe@tavern.example";
const PASSWORD = "correct horse battery";
const WIFI_KEG = "kegtron-30AEA4426928";
const temperature = new NamedResource("/config_readonly/temp", { value: 8.25, observable: true });

/** JSON of whatever form: the tests say which. */
type Parsed = ReturnType<typeof JSON.parse>;

const house = new House();
const mails: Mail[] = [];
let url: string;
let keg: RunningDevice;
let resets: string[];

beforeAll(async () => {
  await house.start(undefined, {
    outbox: { deliver: (mail) => Promise.resolve(void mails.push(mail)) },
    redirects: ["https://app.example"],
  });
  url = house.connector.httpUrl;
  resets = [];
  const reset = new NamedResource("/Kegtron/ResetVolume", { allowed: POST_ALLOWED });
  reset.onExecute = (_, payload) => {
    resets.push(Buffer.from(payload).toString());
    return undefined;
  };
  keg = await house.device({
    endpointName: WIFI_KEG,
    plain: true,
    resources: [
      new NamedResource("/config/siteName", { value: "Moe's", observable: true }),
      new NamedResource("/config/port0/userName", { value: "King Cobra" }),
      temperature,
      reset,
    ],
  });
});

afterAll(() => house.stop());

/** As axios and httpx do: JSON there and back, and the status beside it. */
async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; data: Parsed; headers: Headers }> {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, data: JSON.parse(text), headers: response.headers };
}

function basic(name: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` };
}

function publicKey(endpointName = WIFI_KEG): string {
  const { devices } = house.connector.access;
  return devices.publicKeyOf(devices.named(endpointName)!);
}

/** A WebSocket and what it has heard. */
class Ear {
  readonly frames: Parsed[] = [];
  readonly socket: WebSocket;
  private readonly looking = new Set<() => void>();

  constructor(path: string) {
    this.socket = new WebSocket(url.replace("http", "ws") + path);
    this.socket.on("message", (message) => {
      this.frames.push(JSON.parse(message.toString()));
      for (const look of this.looking) look();
    });
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once("open", () => resolve());
      this.socket.once("error", reject);
    });
  }

  closed(): Promise<number> {
    return new Promise((resolve) => this.socket.once("close", (code) => resolve(code)));
  }

  until(fits: (frame: Parsed) => boolean): Promise<Parsed> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.frames.find(fits);
        if (found === undefined) return;
        this.looking.delete(look);
        resolve(found);
      };
      this.looking.add(look);
      look();
    });
  }
}

describe("registration by invitation (Kegtron's app)", () => {
  test("asks for an invitation, opens the link of the mail, and logs in", async () => {
    const invited = await ask("POST", "/invite", {
      email: EMAIL,
      url,
      from: "Kegtron",
      redir: "https://app.example/login?creds=1",
      app_id: "setme",
      text: "Your login: EMAIL\nYour password: PASS\nREGLINK",
    });
    expect(invited).toMatchObject({ status: 200, data: {} });
    await expect.poll(() => mails.length).toBe(1);
    expect(mails[0].to).toBe(EMAIL);
    expect(mails[0].text).not.toContain("PASS");
    const link = /https?:\S+/.exec(mails[0].text)![0];

    // A scanner of mail opens it first.
    for (let i = 0; i < 2; i++) {
      const page = await fetch(link);
      expect([page.status, page.headers.get("content-type")]).toEqual([
        200,
        "text/html; charset=utf-8",
      ]);
      expect(await page.text()).toContain('<form method="post">');
    }
    const form = new URLSearchParams({ password: PASSWORD });
    const accepted = await fetch(link, { method: "POST", body: form });
    expect(accepted.status).toBe(200);
    expect(await accepted.text()).toContain('href="https://app.example/login"');
    expect((await fetch(link, { method: "POST", body: form })).status).toBe(404);

    expect((await ask("GET", "/customer", undefined, basic(EMAIL, PASSWORD))).status).toBe(200);
  });
});

describe("the conversation of the thread", () => {
  test("a wrong URL is a JSON 404, whatever comes with it", async () => {
    const response = await fetch(`${url}/api/v2/customer`, { headers: basic(EMAIL, PASSWORD) });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('{"message":"Not Found"}');
  });

  test("curl -u email:password gives the customer; so does the key in it, as a query and as a header", async () => {
    const { data } = await ask("GET", "/customer", undefined, basic(EMAIL, PASSWORD));
    expect(Object.keys(data)).toEqual([
      "id",
      "app_id",
      "email",
      "token",
      "pubkeys",
      "created_at",
      "updated_at",
    ]);
    expect(data).toMatchObject({ app_id: "default", email: EMAIL, pubkeys: {} });
    expect(data.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    expect((await ask("GET", `/customer?access_token=${data.token}`)).data).toEqual(data);
    const bearer = { authorization: `Bearer ${data.token}` };
    expect((await ask("GET", "/customer", undefined, bearer)).data).toEqual(data);
  });

  test("what is wrong is a 401 in JSON that makes no browser ask", async () => {
    for (const headers of [{}, basic(EMAIL, "wrong"), { authorization: "Bearer x" }]) {
      const { status, data, headers: answered } = await ask("GET", "/customer", undefined, headers);
      expect(status).toBe(401);
      expect(data.error.message).toBe(data.message);
      expect(answered.get("www-authenticate")).toBeNull();
      expect(answered.get("access-control-allow-origin")).toBe("*");
    }
  });
});

describe("the app of a keg monitor (Kegtron's)", () => {
  let token: string;

  test("logs in and adds the device whose key it was shown", async () => {
    const login = await ask("GET", "/customer", undefined, basic(EMAIL, PASSWORD));
    token = login.data.token;
    const customer = (await ask("GET", `/customer?access_token=${token}`)).data;
    if (!customer.pubkeys) customer.pubkeys = {};
    customer.pubkeys[publicKey()] = {};
    const added = await ask("POST", `/customer?access_token=${token}`, customer);
    expect(added.status).toBe(200);
    const now = (await ask("GET", `/customer?access_token=${token}`)).data;
    expect(Object.keys(now.pubkeys)).toEqual([publicKey()]);
  });

  test("shows each device, and writes what is changed to it", async () => {
    const [key] = Object.keys((await ask("GET", `/customer?access_token=${token}`)).data.pubkeys);
    const device = `/api/v2/m/device?access_token=${encodeURIComponent(key)}`;
    const ear = new Ear(`/api/v2/m/device/notify?access_token=${key}`);
    await ear.opened();
    const before = (await ask("GET", device)).data;
    expect(before.id).toBe(WIFI_KEG);
    expect(before.shadow.state.reported).toMatchObject({ online: true, ota: { id: "" } });

    const config = { siteName: "Moe's Tavern", port0: { userName: "Old Milwaukee" } };
    const changed = await ask("POST", device, { shadow: { state: { desired: { config } } } });
    expect(changed.status).toBe(200);
    const updated = await ear.until(
      ({ name, data }) => name === "updated" && data.shadow.state.reported.config?.port0,
    );
    expect(updated.id).toBe(WIFI_KEG);
    const { state } = (await ask("GET", device)).data.shadow;
    expect(state.reported.config).toEqual(config);
    expect(state.delta).toEqual({});
    ear.socket.close();
  });

  test("calls a function of the device by its name", async () => {
    const ear = new Ear(`/api/v2/m/device/notify?access_token=${publicKey()}`);
    await ear.opened();
    const path = `/api/v2/m/device/rpc/Kegtron.ResetVolume?access_token=${publicKey()}`;
    expect(await ask("POST", path, { port: 1 })).toMatchObject({ status: 200, data: true });
    expect(resets).toEqual(['{"port":1}']);
    expect(await ear.until(({ name }) => name.startsWith("rpc.in."))).toEqual({
      name: "rpc.in.Kegtron.ResetVolume",
      id: WIFI_KEG,
      data: { port: 1 },
    });
    ear.socket.close();
    const unknown = await ask(
      "POST",
      `/api/v2/m/device/rpc/Kegtron.Explode?access_token=${publicKey()}`,
      {},
    );
    expect(unknown).toMatchObject({
      status: 404,
      data: { message: "No handler for Kegtron.Explode" },
    });
  });

  test("reads the values that were, as rows whose last column is JSON text", async () => {
    const read = `/api/v2/m/device/rpc/Read?access_token=${publicKey()}`;
    expect((await ask("POST", read, { path: "/config_readonly/temp" })).data).toBe(8.25);
    const query = `/api/v2/m/device/data/config_readonly?access_token=${publicKey()}`;
    const { rows } = (await ask("GET", query)).data;
    expect(rows).toHaveLength(1);
    const [time, device, topic, json] = rows[0];
    expect(Number.isNaN(Date.parse(time))).toBe(false);
    expect([device, topic, JSON.parse(json)]).toEqual([WIFI_KEG, "/config_readonly/temp", 8.25]);
    const none = `/api/v2/m/device/data/servings_all?access_token=${publicKey()}`;
    expect((await ask("GET", none)).data).toEqual({ rows: [] });
  });

  test("has the device tell of a value as it changes, by the original's tags", async () => {
    const path = `/api/v2/m/device?access_token=${publicKey()}`;
    const tags = { save: ["/config_readonly/temp"] };
    expect((await ask("POST", path, { tags })).data.tags).toEqual(tags);
    const ear = new Ear(`/api/v2/m/device/notify?access_token=${publicKey()}`);
    await ear.opened();
    temperature.set(8.5);
    await ear.until(({ data }) => data?.shadow?.state.reported.config_readonly.temp === 8.5);
    expect(await ear.until(({ name }) => name === "rpc.out.Notify")).toMatchObject({
      data: { path: "/config_readonly/temp", value: 8.5 },
    });
    ear.socket.close();
  });

  test("changes the password with nothing but the key, as its account page does", async () => {
    const other = "another good password";
    const changed = await ask("POST", `/customer?access_token=${token}`, { password: other });
    expect(changed).toMatchObject({ status: 200, data: { token } });
    expect((await ask("GET", "/customer", undefined, basic(EMAIL, PASSWORD))).status).toBe(401);
    expect((await ask("GET", "/customer", undefined, basic(EMAIL, other))).status).toBe(200);
    await ask("POST", `/customer?access_token=${token}`, { password: PASSWORD });
  });

  test("hears when the device leaves and comes, and nothing when its key is not good any more", async () => {
    const ear = new Ear(`/api/v2/m/device/notify?access_token=${publicKey()}`);
    await ear.opened();
    await keg.stop();
    expect(await ear.until(({ name }) => name === "offline")).toEqual({
      name: "offline",
      id: WIFI_KEG,
    });
    const path = `/api/v2/m/device?access_token=${publicKey()}`;
    expect((await ask("GET", path)).data.shadow.state.reported.online).toBe(false);
    // The customer lets it go: the key that the page has is worthless then.
    const closed = ear.closed();
    const key = publicKey();
    const released = await ask("POST", `/customer?access_token=${token}`, { pubkeys: {} });
    expect(released).toMatchObject({ status: 200, data: { pubkeys: {} } });
    expect(await closed).toBe(1008);
    expect((await ask("GET", `/api/v2/m/device?access_token=${key}`)).status).toBe(401);
    const refused = new Ear(`/api/v2/m/device/notify?access_token=${key}`);
    await expect(refused.opened()).rejects.toThrow("401");
  });
});

describe("a program with both headers and queries (the brewery's)", () => {
  test("parses the body of a refusal before it looks at the status", async () => {
    const { status, data } = await ask(
      "GET",
      "/customer",
      undefined,
      basic("x@y.example", "nobody"),
    );
    expect([status, typeof data.message]).toEqual([401, "string"]);
  });

  test("wants a sleeping device to be another way, and it is when it wakes", async () => {
    const led = new NamedResource("/led/1/state", { value: "off" });
    const sleeper = await house.device({
      endpointName: "sleeper",
      plain: true,
      queueMode: true,
      awakeFor: 200,
      resources: [led],
    });
    await sleeper.until(({ kind }) => kind === "asleep");
    const path = `/api/v2/m/device?access_token=${publicKey("sleeper")}`;
    const desired = { led: { "1": { state: "on" } } };
    const wanted = await ask("POST", path, { shadow: { state: { desired } } });
    expect(wanted.data.shadow.state).toMatchObject({ desired, delta: desired });
    expect(led.value).toBe("off");
    // Something new to list makes it wake up.
    sleeper.agent.addResource(new NamedResource("/led/2/state", { value: "off" }));
    await expect.poll(async () => (await ask("GET", path)).data.shadow.state.delta).toEqual({});
    expect(led.value).toBe("on");
  });
});

describe("a page that registers nobody (Smart Light's)", () => {
  test("gets a customer of its own where registration is open, and is told where it is not", async () => {
    expect(await ask("GET", "/newcustomer")).toMatchObject({ status: 403 });
    const { domains } = house.connector.access;
    domains.put({ ...domains.get("default")!, registration: "open" });
    const { status, data } = await ask("GET", "/newcustomer");
    expect([status, Object.keys(data)]).toEqual([200, ["token"]]);
    const customer = (await ask("GET", `/customer?access_token=${data.token}`)).data;
    expect(customer).toMatchObject({ email: "", pubkeys: {}, token: data.token });
  });
});

describe("an administrator's script", () => {
  test("lists devices, asks one for its name and manages keys", async () => {
    const key = house.newKey();
    const list = (await ask("GET", `/api/v2/devices?access_token=${key}`)).data;
    expect(list.map(({ id }: { id: string }) => id)).toContain("sleeper");
    const bearer = { authorization: `Bearer ${key}` };
    const shown = (await ask("GET", "/api/v2/devices/sleeper", undefined, bearer)).data;
    expect(shown.public_key).toBe(publicKey("sleeper"));
    const made = (await ask("POST", "/api/v2/keys", { name: "script" }, bearer)).data;
    expect((await ask("GET", `/api/v2/devices?access_token=${made.key}`)).status).toBe(200);
    const ear = new Ear(`/api/v2/notify?access_token=${made.key}`);
    await ear.opened();
    const closed = ear.closed();
    await ask("DELETE", `/api/v2/keys/${made.id}`, undefined, bearer);
    expect(await closed).toBe(1008);
    expect((await ask("GET", `/api/v2/devices?access_token=${made.key}`)).status).toBe(401);
  });
});
