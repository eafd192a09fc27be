/** What the commands that run until they are stopped have in common. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isIP } from "node:net";
import { InvalidArgumentError } from "commander";
import type { HttpsSettings } from "../connector/device-connector.ts";

/** From the first signal to the end of the process, whatever still hangs then, ms. */
const STOPPING_PERIOD = 4500;
/** One Ctrl-C may arrive twice, from the terminal and from npm: so long it counts as one, ms. */
const ECHO_PERIOD = 500;
/** How often a process looks whether its parent is still there, ms. */
const PARENT_INTERVAL = 1000;

/** Name and version of the connector, as programs show them. */
export function productName(): string {
  return `Dormouse Device Connector ${productVersion()}`;
}

/** The version of this package. */
export function productVersion(): string {
  const require = createRequire(import.meta.url);
  const { version } = require("dormouse-lwm2m/package.json") as { version: string };
  return version;
}

/** Reads the option of a port; 0 is any free one. */
export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new InvalidArgumentError("It must be a port from 0 to 65535; 0 takes any free one.");
  }
  return port;
}

/** As options say it. */
export interface HttpsOptions {
  readonly httpsPort?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly httpRedirect?: boolean;
}

/** What the options on HTTPS ask for; undefined for HTTP alone. Throws where they make no sense together. */
export function httpsSettings(options: HttpsOptions): HttpsSettings | undefined {
  const { httpsPort, tlsCert, tlsKey, httpRedirect = false } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new Error("--tls-cert and --tls-key go together: a certificate and its key.");
  }
  if (httpsPort === undefined) {
    if (tlsCert !== undefined) throw new Error("--tls-cert needs --https-port.");
    if (httpRedirect) throw new Error("--http-redirect needs --https-port.");
    return undefined;
  }
  return {
    port: httpsPort,
    redirectHttp: httpRedirect,
    ...(tlsCert !== undefined && tlsKey !== undefined && { files: { cert: tlsCert, key: tlsKey } }),
  };
}

/** Reads the option of an address to listen at. */
export function hostOption(text: string): string {
  if (text === "localhost") return "127.0.0.1";
  if (isIP(text) === 0) {
    throw new InvalidArgumentError(
      "It must be an IP address of this machine, as 127.0.0.1; 0.0.0.0 or :: is all of them.",
    );
  }
  return text;
}

/** Reads the option of a quota. */
export function quotaOption(text: string): number {
  const quota = Number(text);
  if (!/^\d{1,15}$/.test(text) || quota === 0) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return quota;
}

/** Reads the option of a rate; 0 is no bound. */
export function rateOption(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number; 0 is no bound.");
}

/** Reads the option of what becomes of subscriptions when their device registers anew. */
export function subscriptionsOption(text: string): "kept" | "original" {
  if (text !== "kept" && text !== "original") {
    throw new InvalidArgumentError("It must be kept or original.");
  }
  return text;
}

/** Collects an option that may be given several times. */
export function repeated(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

/** Reads the URL of a server, without a slash at the end. */
export function urlOption(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === undefined || !isWeb || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new InvalidArgumentError("a URL like https://devices.example is expected");
  }
  return url.href.replace(/\/$/, "");
}

/** Reads one more origin of a web page. */
export function repeatedOrigin(text: string, before: readonly string[]): readonly string[] {
  const url = new URL(urlOption(text));
  if (url.pathname !== "/")
    throw new InvalidArgumentError("an origin like https://app.example is expected");
  return [...before, url.origin];
}

/** Ends the process with one line that says why. */
export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

type Side = "http" | "https" | "coap" | "coap-tcp" | "bootstrap";

/** One line for whoever could not start a connector. */
export function startFailure(
  error: Error,
  options: {
    readonly host: string;
    readonly httpPort: number;
    readonly httpsPort?: number | undefined;
    readonly coapPort: number;
    readonly coapTcpPort?: number | undefined;
    readonly bootstrapPort?: number | undefined;
  },
): string {
  const { code, side } = error as { code?: string; side?: Side };
  if (side === undefined) return error.message;
  const { port, name } = {
    http: { port: options.httpPort, name: "HTTP" },
    https: { port: options.httpsPort, name: "HTTPS" },
    coap: { port: options.coapPort, name: "CoAP" },
    "coap-tcp": { port: options.coapTcpPort, name: "CoAP over TCP" },
    bootstrap: { port: options.bootstrapPort, name: "Bootstrap" },
  }[side];
  if (code === "EADDRINUSE") {
    return `${name} port ${port} of ${options.host} is in use: stop what uses it, or choose another with --${side}-port.`;
  }
  if (code === "EADDRNOTAVAIL") {
    return `${options.host} is not an address of this machine: choose another with --host.`;
  }
  if (code === "EACCES") {
    return `${name} port ${port} needs more rights: choose one from 1024 with --${side}-port.`;
  }
  return `${name} port ${port} cannot be bound: ${error.message}`;
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP, and with `watchParent` when the process that started this one is gone. */
export function untilStopped(watchParent = false): Promise<void> {
  // A reader that has gone must not end this process in the middle of stopping.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  return new Promise((resolve) => {
    const stop = () => {
      clearInterval(watch);
      resolve();
    };
    const parents = parentsOf();
    const watch = setInterval(() => {
      if (watchParent && parentsOf() !== parents) stop();
    }, PARENT_INTERVAL);
    watch.unref();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  });
}

/** Runs the steps of stopping; what hangs is left behind, so that the process ends within 5 s. A second Ctrl-C ends it at once. */
export async function stopWithin(stop: () => Promise<void>): Promise<never> {
  const startedAt = performance.now();
  process.on("SIGINT", () => {
    if (performance.now() - startedAt > ECHO_PERIOD) process.exit(130);
  });
  setTimeout(() => process.exit(0), STOPPING_PERIOD).unref();
  try {
    await stop();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
  process.exit(0);
}

/**
 * The processes above this one, as text to compare. A shell between npm and this process outlives npm, so that its parent counts
 * too.
 */
function parentsOf(): string {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return `${parent}`;
  try {
    const stat = readFileSync(`/proc/${parent}/stat`, "latin1");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const grandparent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
    return /^(sh|dash|bash|zsh|ash)$/.test(name) ? `${parent} ${grandparent}` : `${parent}`;
  } catch {
    return `${parent}`;
  }
}
