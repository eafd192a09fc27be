/** What another program has done, in order; a test waits for the event that it expects. Each event is taken once. */
export class EventLog<T> {
  private events: T[] = [];
  private readonly waiters: { matches: (event: T) => boolean; take: (event: T) => void }[] = [];

  add(event: T): void {
    const at = this.waiters.findIndex((waiter) => waiter.matches(event));
    if (at < 0) this.events.push(event);
    else this.waiters.splice(at, 1)[0].take(event);
  }

  /** The first event, past or to come, that matches. Rejects after `timeoutMs`, naming what was there instead. */
  next(expected: string, matches: (event: T) => boolean, timeoutMs = 15_000): Promise<T> {
    const at = this.events.findIndex(matches);
    if (at >= 0) return Promise.resolve(this.events.splice(at, 1)[0]);
    return new Promise((resolve, reject) => {
      const waiter = {
        matches,
        take: (event: T) => {
          clearTimeout(timer);
          resolve(event);
        },
      };
      const timer = setTimeout(() => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        const seen = this.events.map((event) => JSON.stringify(event)).join("\n  ");
        reject(new Error(`no ${expected} within ${timeoutMs} ms; instead:\n  ${seen}`));
      }, timeoutMs);
      this.waiters.push(waiter);
    });
  }

  /** Forgets those that nobody is to wait for any more. */
  drop(isDropped: (event: T) => boolean): void {
    this.events = this.events.filter((event) => !isDropped(event));
  }

  /** The events that nobody has taken. */
  rest(): readonly T[] {
    return this.events;
  }
}
