/** The ids of each domain's devices, sorted: to take a page of many thousands without looking at the others. */
export class IdsByDomain {
  private readonly byDomain = new Map<string, number[]>();
  /** Domains whose ids came in another order, as a store loads them. */
  private readonly unsorted = new Set<string>();

  /** @param id not of this domain yet */
  add(domainId: string, id: number): void {
    const ids = this.byDomain.get(domainId);
    if (ids === undefined) {
      this.byDomain.set(domainId, [id]);
      return;
    }
    if (id < ids[ids.length - 1]) this.unsorted.add(domainId);
    ids.push(id);
  }

  remove(domainId: string, id: number): void {
    const ids = this.byDomain.get(domainId);
    const at = ids?.indexOf(id) ?? -1;
    if (at >= 0) ids?.splice(at, 1);
  }

  /** The ids of a domain, the lowest first. Good until the next change; not to be changed. */
  of(domainId: string): readonly number[] {
    const ids = this.byDomain.get(domainId) ?? [];
    if (this.unsorted.delete(domainId)) ids.sort((one, other) => one - other);
    return ids;
  }
}
