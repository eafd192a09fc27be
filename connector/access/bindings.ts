/** Which customer has claimed which devices. Many to many, unless a domain says otherwise. */
import type { Journal, Table } from "../store/store.ts";
import { refusal } from "./domains.ts";
import type { Binding } from "./model.ts";

/** Devices that one customer may have. */
const MOST_PER_CUSTOMER = 1000;

export class Bindings {
  private readonly table: Table<Binding>;
  private readonly ofCustomer = new Map<string, Map<number, Binding>>();
  private readonly ofDevice = new Map<number, Set<string>>();

  constructor(store: Journal) {
    this.table = store.table("bindings");
    for (const [, binding] of this.table.entries()) this.file(binding);
  }

  /** The devices of a customer, in the order in which they were claimed. */
  devicesOf(customerId: string): Iterable<number> {
    return this.ofCustomer.get(customerId)?.keys() ?? [];
  }

  customersOf(deviceId: number): Iterable<string> {
    return this.ofDevice.get(deviceId) ?? [];
  }

  isBound(customerId: string, deviceId: number): boolean {
    return this.ofCustomer.get(customerId)?.has(deviceId) ?? false;
  }

  /**
   * Binds a device to a customer; harmless when it is.
   *
   * @throws Error with code `access/too-many`
   */
  bind(customerId: string, deviceId: number, calendarNow: number): void {
    if (this.isBound(customerId, deviceId)) return;
    if ((this.ofCustomer.get(customerId)?.size ?? 0) >= MOST_PER_CUSTOMER) {
      throw refusal("access/too-many", `A customer may have ${MOST_PER_CUSTOMER} devices.`);
    }
    const binding = { customerId, deviceId, createdAt: calendarNow };
    this.file(binding);
    this.table.put(rowKey(customerId, deviceId), binding);
  }

  /** False when the device was not bound to the customer. */
  unbind(customerId: string, deviceId: number): boolean {
    const ofCustomer = this.ofCustomer.get(customerId);
    if (ofCustomer === undefined || !ofCustomer.delete(deviceId)) return false;
    if (ofCustomer.size === 0) this.ofCustomer.delete(customerId);
    const ofDevice = this.ofDevice.get(deviceId);
    ofDevice?.delete(customerId);
    if (ofDevice?.size === 0) this.ofDevice.delete(deviceId);
    this.table.remove(rowKey(customerId, deviceId));
    return true;
  }

  private file(binding: Binding): void {
    const { customerId, deviceId } = binding;
    let ofCustomer = this.ofCustomer.get(customerId);
    if (ofCustomer === undefined) {
      ofCustomer = new Map();
      this.ofCustomer.set(customerId, ofCustomer);
    }
    ofCustomer.set(deviceId, binding);
    let ofDevice = this.ofDevice.get(deviceId);
    if (ofDevice === undefined) {
      ofDevice = new Set();
      this.ofDevice.set(deviceId, ofDevice);
    }
    ofDevice.add(customerId);
  }
}

function rowKey(customerId: string, deviceId: number): string {
  return `${customerId}.${deviceId}`;
}
