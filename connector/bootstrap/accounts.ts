/**
 * The bootstrap configurations on record: for single devices, and by rules on their names.
 *
 * A device gets what is written for its name, else what the first rule of its domain that fits its name says. What is written through the
 * API comes before what is in a file. Names belong to domains as devices do (access/devices.ts); a name that is not on record is the
 * operator's.
 */
import type { DeviceRecords } from "../access/devices.ts";
import { refusal } from "../access/domains.ts";
import { DEFAULT_DOMAIN } from "../access/model.ts";
import { SealedValues } from "../access/sealed-values.ts";
import type { ServerSecret } from "../access/server-secret.ts";
import type { Journal, Table } from "../store/store.ts";
import { type BootstrapConfiguration, configurationFor } from "./configuration.ts";
import {
  type BootstrapFileDocument,
  type ConfigurationDocument,
  DEFAULT_ORDER,
  type RuleDocument,
} from "./document.ts";
import { refuseSealed, sealed } from "./hidden.ts";
import { isMatch } from "./pattern.ts";
import { bad, type Filling } from "./values.ts";

/** A configuration of one device. Its secrets are sealed. */
export interface ConfigurationRow {
  /** Whose it is. It counts only as long as the device is of this domain. */
  readonly domainId: string;
  readonly endpointName: string;
  readonly document: ConfigurationDocument;
  /** Calendar milliseconds; undefined when it is in the file. */
  readonly updatedAt: number | undefined;
}

/** A rule. Its secrets are sealed. */
export interface RuleRow {
  readonly domainId: string;
  /** Unique in its domain. */
  readonly name: string;
  readonly pattern: string;
  readonly order: number;
  readonly document: ConfigurationDocument;
  /** Calendar milliseconds; undefined when it is in the file. */
  readonly updatedAt: number | undefined;
}

/** What a device gets, and where that is written. */
export interface Found {
  /** `configuration`, `rule NAME`, for people. */
  readonly source: string;
  readonly configuration: BootstrapConfiguration;
}

const MOST_CONFIGURATIONS = 100_000;
const MOST_RULES_OF_DOMAIN = 1000;
/** Characters of JSON, of all configurations and rules together that were not in a file. */
const MOST_TEXT = 128 << 20;
/** A device to check a rule with. */
const SOMEBODY = "urn:dev:0";

export interface AccountsSurroundings {
  readonly store: Journal;
  readonly secret: ServerSecret;
  readonly devices: DeviceRecords;
  readonly calendarNow: () => number;
  /** Characters of JSON that are kept, less than usual in tests. */
  readonly maxText?: number;
}

export class BootstrapAccounts {
  private readonly secret: ServerSecret;
  private readonly seals: SealedValues;
  private readonly devices: DeviceRecords;
  private readonly calendarNow: () => number;
  private readonly configurationTable: Table<ConfigurationRow>;
  private readonly ruleTable: Table<RuleRow>;
  private readonly configurations = new Map<string, ConfigurationRow>();
  /** By domain, in the order in which they are tried. */
  private readonly rules = new Map<string, RuleRow[]>();
  private readonly maxText: number;
  private text = 0;
  private fileConfigurations = new Map<string, ConfigurationRow>();
  private fileRules: readonly RuleRow[] = [];

  constructor(surroundings: AccountsSurroundings) {
    const { store, secret, devices, calendarNow, maxText = MOST_TEXT } = surroundings;
    this.maxText = maxText;
    this.secret = secret;
    this.seals = new SealedValues(secret, "bootstrap");
    this.devices = devices;
    this.calendarNow = calendarNow;
    this.configurationTable = store.table("bootstrap-configurations");
    this.ruleTable = store.table("bootstrap-rules");
    for (const [name, row] of this.configurationTable.entries()) {
      this.configurations.set(name, row);
      this.text += lengthOf(row);
    }
    for (const [, row] of this.ruleTable.entries()) {
      this.file(row);
      this.text += lengthOf(row);
    }
  }

  // What a device gets.

  /** What a device gets; undefined when nothing is written for it. @throws Error when what is written cannot be used, since a secret is lost */
  find(endpointName: string): Found | undefined {
    const domainId = this.domainOf(endpointName);
    const row = this.configuration(endpointName) ?? this.fileConfiguration(endpointName);
    if (row !== undefined) return this.found("configuration", row.document, endpointName, row);
    const rules = [...this.rulesOf(domainId), ...this.fileRulesOf(domainId)];
    const rule = rules.find(({ pattern }) => isMatch(pattern, endpointName));
    if (rule === undefined) return undefined;
    return this.found(`rule ${rule.name}`, rule.document, endpointName, rule);
  }

  /** Whose business a device's configuration is. */
  domainOf(endpointName: string): string {
    return this.devices.named(endpointName)?.domainId ?? DEFAULT_DOMAIN;
  }

  private found(
    source: string,
    document: ConfigurationDocument,
    endpointName: string,
    row: ConfigurationRow | RuleRow,
  ): Found {
    const filling = this.filling(endpointName, ownerOf(row));
    return { source, configuration: configurationFor(document, filling) };
  }

  // Configurations of devices.

  /** What the API has for a device. */
  configuration(endpointName: string): ConfigurationRow | undefined {
    const row = this.configurations.get(endpointName);
    return row?.domainId === this.domainOf(endpointName) ? row : undefined;
  }

  *configurationsOf(domainId: string): Iterable<ConfigurationRow> {
    for (const row of this.configurations.values()) {
      if (row.domainId === domainId && this.domainOf(row.endpointName) === domainId) yield row;
    }
  }

  /**
   * Writes the configuration of a device, in place of the one there is.
   *
   * @throws Error with code `access/bad-value` that names the path and what was expected, or `access/too-many`
   */
  putConfiguration(endpointName: string, document: ConfigurationDocument): ConfigurationRow {
    if (!this.configurations.has(endpointName) && this.configurations.size >= MOST_CONFIGURATIONS) {
      throw refusal("access/too-many", "There are too many bootstrap configurations.");
    }
    const former = this.configuration(endpointName)?.document;
    const domainId = this.domainOf(endpointName);
    const stored = this.checked(document, former, { domainId, endpointName }, endpointName);
    const row = { domainId, endpointName, document: stored, updatedAt: this.calendarNow() };
    // Whose it was before makes no difference: there is room for one of each name.
    this.takeRoom(row, this.configurations.get(endpointName));
    this.configurations.set(endpointName, row);
    this.configurationTable.put(endpointName, row);
    return row;
  }

  /** False when there was none. */
  removeConfiguration(endpointName: string): boolean {
    if (this.configuration(endpointName) === undefined) return false;
    this.drop(endpointName);
    return true;
  }

  /** A device belongs to another domain from now on: what its former one had for it goes. */
  handleMove(endpointName: string): void {
    const row = this.configurations.get(endpointName);
    if (row !== undefined && row.domainId !== this.domainOf(endpointName)) this.drop(endpointName);
  }

  private drop(endpointName: string): void {
    this.text -= lengthOf(this.configurations.get(endpointName));
    this.configurationTable.remove(endpointName);
    this.configurations.delete(endpointName);
  }

  // Rules.

  /** In the order in which they are tried. */
  rulesOf(domainId: string): readonly RuleRow[] {
    return this.rules.get(domainId) ?? [];
  }

  /**
   * Writes a rule, in place of the one of that name.
   *
   * @throws as `putConfiguration`
   */
  putRule(domainId: string, name: string, rule: RuleDocument): RuleRow {
    const rules = this.rulesOf(domainId);
    const former = rules.find((row) => row.name === name);
    if (former === undefined && rules.length >= MOST_RULES_OF_DOMAIN) {
      throw refusal("access/too-many", "There are too many bootstrap rules.");
    }
    const { pattern, order = DEFAULT_ORDER, configuration } = rule;
    const owner = { domainId, name };
    const document = this.checked(configuration, former?.document, owner, SOMEBODY);
    const row = { domainId, name, pattern, order, document, updatedAt: this.calendarNow() };
    this.takeRoom(row, former);
    this.file(row);
    this.ruleTable.put(`${domainId} ${name}`, row);
    return row;
  }

  removeRule(domainId: string, name: string): boolean {
    const rules = this.rulesOf(domainId);
    const left = rules.filter((row) => row.name !== name);
    this.text -= lengthOf(rules.find((row) => row.name === name));
    this.rules.set(domainId, left);
    this.ruleTable.remove(`${domainId} ${name}`);
    return left.length < rules.length;
  }

  private file(row: RuleRow): void {
    const others = this.rulesOf(row.domainId).filter(({ name }) => name !== row.name);
    this.rules.set(row.domainId, [...others, row].sort(byOrder));
  }

  /** @throws Error with code `access/too-many` when all rows together would be too long */
  private takeRoom(
    row: ConfigurationRow | RuleRow,
    former: ConfigurationRow | RuleRow | undefined,
  ): void {
    const text = this.text + lengthOf(row) - lengthOf(former);
    if (text > this.maxText && text > this.text) {
      throw refusal("access/too-many", "The bootstrap configurations are too long together.");
    }
    this.text = text;
  }

  // The file.

  /**
   * Takes what is in a file, in place of what the file said before. All of it or, when something is wrong, nothing.
   *
   * @throws Error with code `access/bad-value` that names what was wrong
   */
  setFile(document: BootstrapFileDocument): void {
    const domainId = DEFAULT_DOMAIN;
    const configurations = new Map<string, ConfigurationRow>();
    for (const [endpointName, each] of Object.entries(document.configurations ?? {})) {
      const owner = { domainId, endpointName };
      const stored = within(`configurations.${endpointName}`, () =>
        this.checked(each, undefined, owner, endpointName),
      );
      configurations.set(endpointName, { ...owner, document: stored, updatedAt: undefined });
    }
    const rules: RuleRow[] = [];
    for (const { name, pattern, order = DEFAULT_ORDER, configuration } of document.rules ?? []) {
      const at = `rules.${name}`;
      if (rules.some((row) => row.name === name)) throw bad(at, "expected each name once");
      const owner = { domainId, name };
      const stored = within(at, () => this.checked(configuration, undefined, owner, SOMEBODY));
      rules.push({ ...owner, pattern, order, document: stored, updatedAt: undefined });
    }
    // Of the same order, in the order of the file.
    rules.sort((one, other) => one.order - other.order);
    this.fileConfigurations = configurations;
    this.fileRules = rules;
  }

  fileConfiguration(endpointName: string): ConfigurationRow | undefined {
    const row = this.fileConfigurations.get(endpointName);
    return row?.domainId === this.domainOf(endpointName) ? row : undefined;
  }

  /** What the file has is the operator's. */
  fileConfigurationsOf(domainId: string): Iterable<ConfigurationRow> {
    return domainId === DEFAULT_DOMAIN ? this.fileConfigurations.values() : [];
  }

  fileRulesOf(domainId: string): readonly RuleRow[] {
    return domainId === DEFAULT_DOMAIN ? this.fileRules : [];
  }

  // Secrets.

  /** The document as it is stored, once it is known to be good for a device. */
  private checked(
    document: ConfigurationDocument,
    former: ConfigurationDocument | undefined,
    row: Owner,
    endpointName: string,
  ): ConfigurationDocument {
    refuseSealed(document);
    const owner = ownerOf(row);
    const stored = sealed(document, former, (place, json) =>
      this.seals.seal(`${owner} ${place}`, json),
    );
    configurationFor(stored, this.filling(endpointName, owner));
    return stored;
  }

  private filling(endpointName: string, owner: string): Filling {
    return {
      endpointName,
      generate: (place, length, version) =>
        this.secret.bytes(
          `bootstrap\n${this.domainOf(endpointName)}\n${endpointName}\n${place}\n${version}`,
          length,
        ),
      unseal: (place, text) => {
        const json = this.seals.open(`${owner} ${place}`, text);
        if (json !== undefined) return JSON.parse(json);
        throw bad(place, "the secret cannot be opened; it has to be written anew");
      },
    };
  }
}

/** What a sealed secret belongs to: nowhere else can it be opened. */
type Owner =
  | Pick<ConfigurationRow, "domainId" | "endpointName">
  | Pick<RuleRow, "domainId" | "name">;

function ownerOf(row: Owner): string {
  return "name" in row
    ? `rule ${row.domainId} ${row.name}`
    : `device ${row.domainId} ${row.endpointName}`;
}

/** Characters of what a row takes. */
function lengthOf(row: ConfigurationRow | RuleRow | undefined): number {
  return row === undefined ? 0 : JSON.stringify(row).length;
}

function byOrder(one: RuleRow, other: RuleRow): number {
  return one.order - other.order || (one.name < other.name ? -1 : 1);
}

/** Says in which part of a file something is wrong. */
function within<T>(at: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw Object.assign(error as Error, { message: `${at}: ${(error as Error).message}` });
  }
}
