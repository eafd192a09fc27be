import { describe, expect, test } from "vitest";
import { httpsLocation } from "../../../../connector/adapters/https-redirect.ts";

function location(target: string, host: string | undefined = "connector.test:8080", port = 8443) {
  return httpsLocation({ target, host, localAddress: "192.0.2.1" }, port);
}

describe("where a request is sent", () => {
  test("path and query are kept as they are", () => {
    for (const target of [
      "/",
      "/v2/endpoints",
      "/v2/endpoints/node-001/3/0/0?cacheOnly=true&noResp=false",
      "/a%2Fb/%E4?x=%0d%0a&y=+#",
      "//other.test/path",
      "/path?url=http://other.test/",
      "/path?",
    ]) {
      expect(location(target)).toBe(`https://connector.test:8443${target}`);
    }
  });

  test("the port is the one of HTTPS, and is not named when it is 443", () => {
    expect(location("/x", "connector.test:80", 8443)).toBe("https://connector.test:8443/x");
    expect(location("/x", "connector.test:80", 443)).toBe("https://connector.test/x");
  });

  test("the host is the one that was asked for, a name or an address", () => {
    expect(location("/", "LOCALHOST")).toBe("https://localhost:8443/");
    expect(location("/", "127.0.0.1:1")).toBe("https://127.0.0.1:8443/");
    expect(location("/", "[::1]:8080")).toBe("https://[::1]:8443/");
  });

  test("a Host that is none gives way to the address that was reached", () => {
    for (const host of [
      "",
      "a b",
      "user@evil.test",
      "evil.test/x",
      "a\\b",
      "[::1",
      "x:99999",
      "a".repeat(300),
      "%41",
    ]) {
      expect(location("/x", host)).toBe("https://192.0.2.1:8443/x");
    }
    const reached = (localAddress: string) =>
      httpsLocation({ target: "/", host: undefined, localAddress }, 1);
    expect(reached("::1")).toBe("https://[::1]:1/");
    expect(reached("::ffff:10.0.0.1")).toBe("https://10.0.0.1:1/");
  });

  test("a target for a proxy loses its host, and one without a path is the root", () => {
    expect(location("http://evil.test/x?y")).toBe("https://connector.test:8443/x?y");
    expect(location("*")).toBe("https://connector.test:8443/");
  });

  test("what is not ASCII is written in ASCII", () => {
    expect(location("/ä\u007f")).toBe("https://connector.test:8443/%e4%7f");
  });
});

describe("a credential in the query goes nowhere", () => {
  test("however it is written", () => {
    for (const query of [
      "access_token=x",
      "a=1&access_token=x",
      "access_token",
      "%61ccess_token=x",
      "access%5Ftoken=x",
      "access_token=x#y",
    ]) {
      expect(location(`/customer?${query}`)).toBeUndefined();
    }
    expect(location("http://connector.test/customer?access_token=x")).toBeUndefined();
  });

  test("in the path, or under another name, it is none", () => {
    expect(location("/access_token=x")).toBeDefined();
    expect(location("/x?my_access_token=x")).toBeDefined();
  });
});
