/**
 * What a procedure works with: the client on one side, the harness's servers on the other, time between them, and the verdict.
 *
 * `expect` is a criterion, `given` is what has to be so before a criterion can be judged. The first that does not hold ends the
 * case.
 */
import { decodeUtf8, encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { CHANGED, CONTENT, DELETE, formatCode, GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../protocol/coap/content-formats.ts";
import { decodeLinks, type Link } from "../../protocol/coap/link-format.ts";
import { findOption, OBSERVE } from "../../protocol/coap/options.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { type Answer, type ObservedPath, was } from "./asking.ts";
import type { Version } from "./case.ts";
import type {
  ClientClaims,
  ClientUnderTest,
  FirmwareItems,
  PathItems,
} from "./client-under-test.ts";
import type { BaseConfiguration } from "./configurations.ts";
import { decodeValues, formatName, formatsOfVersion, formatValue, isSameValue } from "./content.ts";
import { Ended } from "./judging.ts";
import { RawServers } from "./raw-servers.ts";

export { type Answer, type ObservedPath, type Question, was } from "./asking.ts";
export { MAX_TRANSMIT_WAIT } from "./raw-servers.ts";

/** What the procedures of a case ask of what the client is said to have. */
export type BenchClaims = Pick<ClientClaims, "contentFormats" | "firmware" | "paths">;

const NO_CLAIMS: BenchClaims = { contentFormats: [] };

export class Bench<Criterion extends string = string> extends RawServers<Criterion> {
  private readonly claims: BenchClaims;

  constructor(
    client: ClientUnderTest,
    configuration: BaseConfiguration,
    version: Version,
    endpointName: string,
    claims: BenchClaims = NO_CLAIMS,
  ) {
    super(client, configuration, version, endpointName);
    this.claims = claims;
  }

  /** What the case needs of it is there. */
  get firmware(): FirmwareItems {
    return this.claims.firmware ?? {};
  }

  /** As `firmware`. */
  get paths(): PathItems {
    return this.claims.paths ?? {};
  }

  /** Content-Formats that the client claims and the version has. */
  get formats(): readonly number[] {
    const all = formatsOfVersion(this.version);
    return this.claims.contentFormats.filter((format) => all.includes(format));
  }

  // Judging.

  /** A criterion: this answer has this code. */
  expectCode(criterion: Criterion, answer: Answer, code: number): void {
    const wanted = this.misprint.codes?.[criterion] ?? code;
    this.expect(criterion, answer.code === wanted, `${was(answer)}, not by ${formatCode(wanted)}`);
  }

  /** A criterion: 2.05 with these values, each by its own path, in the format that was asked for. More may be there. */
  expectValues(
    criterion: Criterion,
    answer: Answer,
    wanted: Readonly<Record<string, Value>>,
    format: number | undefined = undefined,
  ): ReadonlyMap<string, Value> {
    this.expectCode(criterion, answer, CONTENT);
    const hasFormat = format === undefined || answer.format === format;
    const got = formatName(answer.format);
    this.expect(criterion, hasFormat, `${was(answer)} in ${got}, not in ${formatName(format)}`);
    const values = decodeValues(answer.format, answer.payload, answer.path);
    if (typeof values === "string") throw new Ended("fail", `${was(answer)}: ${values}`, criterion);
    for (const [path, value] of Object.entries(wanted)) {
      const found = values.get(path);
      const difference = `${was(answer)} with ${formatValue(found)} at ${path}, not ${formatValue(value)}`;
      this.expect(criterion, isSameValue(found, value), difference);
    }
    return values;
  }

  /** A criterion: 2.05 with links, which are returned by their targets. */
  expectLinks(criterion: Criterion, answer: Answer): ReadonlyMap<string, Link> {
    this.expectCode(criterion, answer, CONTENT);
    const got = formatName(answer.format);
    this.expect(criterion, answer.format === LINK_FORMAT, `${was(answer)} in ${got}`);
    const links = decodeLinks(decodeUtf8(answer.payload));
    if (isMalformed(links)) throw new Ended("fail", `${was(answer)}: ${links.fault}`, criterion);
    return new Map(links.map((link) => [link.uri, link]));
  }

  // What the servers do.

  /** Switches the client on and lets it register with all servers: what other criteria build on. */
  async register(): Promise<void> {
    this.step("the client is switched on and registers");
    await this.client.start();
    for (const server of this.servers.keys()) {
      const until = this.now() + this.pace.patience;
      while (!this.servers[server].isRegistered && (await this.takeIn(until)));
      this.given(this.servers[server].isRegistered, "the client did not register");
    }
    // The answers are on their way; a client that is busy gets a moment.
    await this.wait(this.client.tolerance);
    this.takeAll("register");
  }

  read(path: string, accept?: number, server = 0): Promise<Answer> {
    return this.ask({ method: GET, path, accept }, server);
  }

  discover(path: string, query: readonly string[] = [], server = 0): Promise<Answer> {
    return this.ask({ method: GET, path, query, accept: LINK_FORMAT }, server);
  }

  /** Write with replacement. */
  put(path: string, format: number, payload: Uint8Array | string, server = 0): Promise<Answer> {
    return this.ask({ method: PUT, path, format, payload: bytes(payload) }, server);
  }

  /** Partial Write, or Create on an object. */
  post(path: string, format: number, payload: Uint8Array | string, server = 0): Promise<Answer> {
    return this.ask({ method: POST, path, format, payload: bytes(payload) }, server);
  }

  execute(path: string, argumentList = "", server = 0): Promise<Answer> {
    return this.ask({ method: POST, path, payload: bytes(argumentList) }, server);
  }

  delete(path: string, server = 0): Promise<Answer> {
    return this.ask({ method: DELETE, path }, server);
  }

  writeAttributes(path: string, query: readonly string[], server = 0): Promise<Answer> {
    return this.ask({ method: PUT, path, query }, server);
  }

  /** As `writeAttributes`, where what is judged comes later. */
  async givenAttributes(path: string, ...query: readonly string[]): Promise<void> {
    const answer = await this.writeAttributes(path, query);
    this.given(answer.code === CHANGED, `${was(answer)}, not by 2.04`);
  }

  /** Starts an observation. From then on what carries its token is a notification. */
  observe(path: string, query: readonly string[] = [], server = 0): Promise<ObservedPath> {
    return this.observeBy({ method: GET, path, query }, server);
  }

  /** As `observe`, where what is judged comes later. */
  async givenObserved(path: string): Promise<ObservedPath> {
    const observed = await this.observe(path);
    const isObserved = findOption(observed.answer.options, OBSERVE) !== undefined;
    this.given(isObserved, `${was(observed.answer)} without Observe: there is no observation`);
    return observed;
  }
}

function bytes(payload: Uint8Array | string): Uint8Array {
  return typeof payload === "string" ? encodeUtf8(payload) : payload;
}
