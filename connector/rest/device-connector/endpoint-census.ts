/**
 * Counts the registered endpoints of each domain, and refuses more than its quota.
 *
 * Counts only when there is a quota: 100,000 names are several megabytes that nobody else needs.
 */
export class EndpointCensus {
  private readonly quota: number;
  private readonly domainOf: (endpointName: string) => string;
  private readonly domains = new Map<string, string>();
  private readonly counts = new Map<string, number>();

  /** @param quota endpoints of one domain; Infinity for no quota */
  constructor(quota: number, domainOf: (endpointName: string) => string) {
    this.quota = quota;
    this.domainOf = domainOf;
  }

  /** Whether there is a quota to keep. */
  get isNeeded(): boolean {
    return this.quota !== Infinity;
  }

  /** Whether a device that belongs, or would belong, to a domain may register; one that is registered may always. */
  admits(endpointName: string, domain: string): boolean {
    if (this.quota === Infinity || this.domains.has(endpointName)) return true;
    return this.count(domain) < this.quota;
  }

  /** A device has registered, or may belong to another domain. */
  note(endpointName: string): void {
    if (this.quota === Infinity) return;
    this.forget(endpointName);
    const domain = this.domainOf(endpointName);
    this.domains.set(endpointName, domain);
    this.counts.set(domain, this.count(domain) + 1);
  }

  /** A device's registration has ended. */
  forget(endpointName: string): void {
    const domain = this.domains.get(endpointName);
    if (domain === undefined) return;
    this.domains.delete(endpointName);
    this.counts.set(domain, this.count(domain) - 1);
  }

  private count(domain: string): number {
    return this.counts.get(domain) ?? 0;
  }
}
