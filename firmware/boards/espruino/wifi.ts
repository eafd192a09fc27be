/**
 * The network of a board with Wi-Fi: joined when somebody needs it, joined again whenever it is lost, left when the radio may go off. What
 * is sent while it is being joined waits for it: the message that wakes a device is written before its radio is up.
 */
import type { Channel, Datagrams, Power } from "../../ports.ts";

export interface WifiSettings {
  readonly ssid: string;
  readonly password?: string;
}

/** An attempt that says nothing for so long has failed, ms. */
const PATIENCE = 20000;
const FIRST_BACK_OFF = 1000;
const LONGEST_BACK_OFF = 64000;
/** Datagrams that wait for the network; beyond it the oldest gives way. */
const MAX_HELD = 4;

export class EspruinoWifi {
  isUp = false;
  /** Told when the network is there, or is not any more. */
  readonly listeners: ((isUp: boolean) => void)[] = [];
  private readonly settings: WifiSettings;
  private isWanted = false;
  private failures = 0;
  /** Counted, so that late answers are told from the present one. */
  private attempt = 0;
  private timer: number | undefined = undefined;

  constructor(settings: WifiSettings) {
    const wifi = this;
    this.settings = settings;
    // The firmware joins again by itself now and then.
    require("Wifi").on("connected", function () {
      if (wifi.isWanted) wifi.settle(true);
    });
    require("Wifi").on("disconnected", function () {
      if (!wifi.isUp) return;
      wifi.settle(false);
      wifi.retryIn(FIRST_BACK_OFF);
    });
  }

  up(): void {
    if (this.isWanted) return;
    this.isWanted = true;
    this.failures = 0;
    this.join();
  }

  down(): void {
    if (!this.isWanted) return;
    this.isWanted = false;
    this.attempt++;
    this.disarm();
    this.settle(false);
    require("Wifi").disconnect();
  }

  private join(): void {
    const wifi = this;
    const attempt = ++this.attempt;
    const { ssid, password } = this.settings;
    this.retryIn(PATIENCE);
    require("Wifi").connect(
      ssid,
      password === undefined ? {} : { password: password },
      function (error) {
        if (attempt !== wifi.attempt) return;
        if (error) wifi.fail();
        else wifi.settle(true);
      },
    );
  }

  private fail(): void {
    let wait = FIRST_BACK_OFF;
    for (let i = 0; i < this.failures && wait < LONGEST_BACK_OFF; i++) wait *= 2;
    this.failures++;
    this.retryIn(wait);
  }

  private retryIn(wait: number): void {
    const wifi = this;
    this.disarm();
    this.timer = setTimeout(function () {
      wifi.timer = undefined;
      if (wifi.isWanted && !wifi.isUp) wifi.join();
    }, wait);
  }

  private disarm(): void {
    // clearTimeout(undefined) throws.
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
  }

  private settle(isUp: boolean): void {
    if (isUp) {
      this.failures = 0;
      this.disarm();
    }
    if (isUp === this.isUp) return;
    this.isUp = isUp;
    // Whoever is told may listen with another, who then knows already.
    const listeners = this.listeners.slice(0);
    for (let i = 0; i < listeners.length; i++) listeners[i](isUp);
  }
}

/** Datagrams over Wi-Fi: sending wakes it; each time it is joined the sockets are new ones, since those of before may be deaf. */
export function overWifi(wifi: EspruinoWifi, datagrams: Datagrams): Datagrams {
  return {
    open: function (host, port, receive) {
      let channel: Channel | undefined;
      let held: Uint8Array[] = [];
      let isOpen = true;
      function follow(isUp: boolean): void {
        if (channel !== undefined) channel.close();
        channel = isUp && isOpen ? datagrams.open(host, port, receive) : undefined;
        const waiting = held;
        if (channel === undefined) return;
        held = [];
        for (let i = 0; i < waiting.length; i++) channel.send(waiting[i]);
      }
      wifi.listeners.push(follow);
      if (wifi.isUp) follow(true);
      return {
        send: function (datagram) {
          if (channel !== undefined) channel.send(datagram);
          // A retransmission is the same bytes.
          else if (held.indexOf(datagram) < 0) {
            if (held.length === MAX_HELD) held.splice(0, 1);
            held.push(datagram);
            wifi.up();
          }
        },
        close: function () {
          isOpen = false;
          held = [];
          wifi.listeners.splice(wifi.listeners.indexOf(follow), 1);
          if (channel !== undefined) channel.close();
          channel = undefined;
        },
      };
    },
  };
}

/** A board whose radio is its Wi-Fi: off in the pauses of queue mode. @param power what else it can do */
export function wifiPower(wifi: EspruinoWifi, power: Power): Power {
  return {
    setRadio: function (isOn) {
      if (isOn) wifi.up();
      else wifi.down();
    },
    deepSleep: power.deepSleep,
    reboot: power.reboot,
    factoryReset: power.factoryReset,
  };
}
