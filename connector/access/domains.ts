/** The tenants. One is there from the start, and with a single tenant nobody need know of the others. */
import type { Journal, Table } from "../store/store.ts";
import { DEFAULT_DOMAIN, type Domain } from "./model.ts";

const MOST_DOMAINS = 1000;
const LONGEST_NAME = 64;

export class Domains {
  private readonly table: Table<Domain>;
  private readonly byId = new Map<string, Domain>();
  private readonly byName = new Map<string, Domain>();

  constructor(store: Journal) {
    this.table = store.table("domains");
    this.file({
      id: DEFAULT_DOMAIN,
      name: DEFAULT_DOMAIN,
      createdAt: 0,
      registration: "invite",
      sharing: "shared",
      customersUseRest: false,
    });
    for (const [, domain] of this.table.entries()) this.file(domain);
  }

  get(id: string): Domain | undefined {
    return this.byId.get(id);
  }

  /** The domain of this name, as an mbed device (`d=`) or a login (`domain/name`) calls it. */
  named(name: string): Domain | undefined {
    return this.byName.get(name);
  }

  all(): Iterable<Domain> {
    return this.byId.values();
  }

  /**
   * Puts a domain on record, or what is changed of it.
   *
   * @throws Error with code `access/bad-name`, `access/name-taken` or `access/too-many`
   */
  put(domain: Domain): void {
    const { id, name } = domain;
    if (!isDomainName(name)) throw refusal("access/bad-name", domainNameRule);
    const holder = this.byName.get(name);
    if (holder !== undefined && holder.id !== id) {
      throw refusal("access/name-taken", `There is a domain ${name} already.`);
    }
    if (!this.byId.has(id) && this.byId.size >= MOST_DOMAINS) {
      throw refusal("access/too-many", `There are ${MOST_DOMAINS} domains, which is the most.`);
    }
    this.file(domain);
    this.table.put(id, domain);
  }

  private file(domain: Domain): void {
    const former = this.byId.get(domain.id);
    if (former !== undefined) this.byName.delete(former.name);
    this.byId.set(domain.id, domain);
    this.byName.set(domain.name, domain);
  }
}

const domainNameRule = `A domain's name has 1 to ${LONGEST_NAME} letters, digits and .-_ .`;

function isDomainName(name: string): boolean {
  return name.length <= LONGEST_NAME && /^[A-Za-z0-9._-]+$/.test(name);
}

/** Faults of whoever asks the access model for something: the message is for them. */
export type AccessFault =
  | "access/bad-name"
  | "access/bad-value"
  /** Longer than it may be, and of a media type that is not taken. */
  | "access/too-long"
  | "access/wrong-type"
  | "access/name-taken"
  /** It does not fit what is on record. */
  | "access/conflict"
  | "access/not-found"
  | "access/not-allowed"
  | "access/too-many";

export function refusal(code: AccessFault, message: string): Error {
  return Object.assign(new Error(message), { code });
}
