/**
 * Notices that this machine has other network addresses than before: a look at them every few seconds, which costs some microseconds and
 * keeps no process alive.
 */
import { networkInterfaces } from "node:os";

const INTERVAL = 5000;

export class NetworkWatch {
  private readonly addresses: () => ReadonlySet<string>;
  private readonly interval: number;
  private known: ReadonlySet<string> = new Set();
  private timer: NodeJS.Timeout | undefined = undefined;

  /** @param interval milliseconds between two looks */
  constructor(addresses: () => ReadonlySet<string> = ownAddresses, interval: number = INTERVAL) {
    this.addresses = addresses;
    this.interval = interval;
  }

  /** Calls `changed` with the addresses that there are, each time that they are others. */
  start(changed: (addresses: ReadonlySet<string>) => void): void {
    this.stop();
    this.known = this.addresses();
    this.timer = setInterval(() => {
      const now = this.addresses();
      const isSame = now.size === this.known.size && [...now].every((each) => this.known.has(each));
      if (isSame) return;
      this.known = now;
      changed(now);
    }, this.interval);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** Of all interfaces, the loopback's too. */
function ownAddresses(): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const list of Object.values(networkInterfaces())) {
    for (const { address } of list ?? []) addresses.add(address);
  }
  return addresses;
}
