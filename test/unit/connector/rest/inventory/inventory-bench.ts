/** The REST API with users, devices on record and requests as Device42's clients send them. */
import type { DeviceRecord, Permission, User } from "../../../../../connector/access/model.ts";
import { givenUser } from "../../access/people.ts";
import { RestBench } from "../bench.ts";

export const PASSWORD = "correct horse";
/** What a user of the inventory may do. */
export const EVERYTHING: readonly Permission[] = (
  ["device", "building", "tag", "api-client"] as const
).flatMap((object) => [
  `view ${object}` as const,
  `add ${object}` as const,
  `change ${object}` as const,
  `delete ${object}` as const,
]);

export interface Put {
  readonly msg: readonly [what: string, id: number, name: string, changed: boolean, isNew: boolean];
  readonly code: number;
  readonly ignored?: readonly string[];
}

export class InventoryBench extends RestBench {
  /** What `call` sends: a user with all permissions of the inventory. */
  authorization = "";

  static async open(permissions = EVERYTHING): Promise<InventoryBench> {
    const bench = new InventoryBench();
    bench.now = Date.UTC(2026, 0, 1);
    await bench.givenUser("operator", { permissions });
    bench.authorization = basic("operator", PASSWORD);
    return bench;
  }

  /** A user who can log in. */
  async givenUser(name: string, more: Partial<User> = {}): Promise<User> {
    const passwordHash = await this.access.passwords.hash(PASSWORD);
    return givenUser(this.access, name, { passwordHash, ...more });
  }

  /** A device on record; registered only with links. */
  givenDevice(endpointName: string, links?: string, domain?: string): DeviceRecord {
    const registration = this.devices.register(endpointName, links ?? "", { domain });
    this.access.devices.handleRegistration(registration, this.now);
    if (links === undefined) this.devices.deregister(endpointName);
    return this.access.devices.named(endpointName)!;
  }

  givenDomain(name: string): void {
    this.access.domains.put({
      id: `id-of-${name}`,
      name,
      createdAt: 0,
      registration: "closed",
      sharing: "shared",
      customersUseRest: false,
    });
  }

  async call(
    method: string,
    path: string,
    body?: string | Record<string, unknown>,
    headers: Record<string, string> = {},
  ): Promise<[status: number, text: string]> {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const json = { "content-type": "application/json" };
    return this.ask(method, path, {
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      headers: {
        authorization: this.authorization,
        ...(typeof body === "string" ? form : body === undefined ? {} : json),
        ...headers,
      },
    });
  }

  /** The JSON of an answer that must be 200. */
  async got<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: string | Record<string, unknown>,
  ): Promise<T> {
    const [status, text] = await this.call(method, path, body);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }
}

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}
