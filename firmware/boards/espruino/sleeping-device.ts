/**
 * A device that is off between its contacts: from a boot to the next sleep. What it knows outlives the sleep in one record of the Storage.
 *
 *   [1, state, account, wake at]      board-state.ts, power-account.ts, seconds of the calendar or 0
 */
import { BasicAgent } from "../../agent/basic-agent.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { boardState, resumeBoardState } from "../../agent/kept/board-state.ts";
import type { Item } from "../../agent/kept/kept-items.ts";
import { decodeItem, encodeItem } from "../../agent/kept/kept-items.ts";
import { isAge, isList } from "../../agent/kept/kept-values.ts";
import { PowerAccount } from "../../agent/power-account.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { Datagrams, Power } from "../../ports.ts";
import { runSleeping, SHORTEST_DEEP_SLEEP } from "../../sleeping-loop.ts";
import { ESPRUINO_CALENDAR, ESPRUINO_CLOCK, EspruinoAlarm } from "./clock.ts";
import type { DeviceSettings } from "./device.ts";
import { configurationOf, keepCurrent, restartOnMemoryError, tell } from "./device.ts";
import { ESPRUINO_RANDOM } from "./entropy.ts";
import { ESP32_POWER, isEsp32, wokeInTime } from "./esp32.ts";
import { ESPRUINO_POWER } from "./power.ts";
import { rotating } from "./rotating-store.ts";
import { setClock } from "./sntp.ts";
import { ESPRUINO_STORE } from "./store.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";
import { guarded } from "./watchdog.ts";
import { EspruinoWifi, overWifi, wifiPower } from "./wifi.ts";

/** What `dormouse.json` has beside the rest. */
interface SleeperSettings extends DeviceSettings {
  readonly ssid?: string;
  readonly password?: string;
  /** Host of an SNTP server. */
  readonly time?: string;
  /** Seconds. */
  readonly awake?: number;
}

const RECORD = "lwm2m-board";
const STORE = rotating(ESPRUINO_STORE);
const FORMAT = 1;
const SHORT_SERVER_ID = 1;
const DEFAULT_AWAKE_SECONDS = 5;
/** 2024-01-01: a clock that shows less was never set. */
const CLOCK_IS_SET = 1704067200;
/** A network that cannot be joined for so long is waited for asleep, ms. */
const NETWORK_PATIENCE = 60000;
const AWAY_PERIOD = 900000;
const WATCHDOG_SECONDS = 60;

/** Starts the device, unless the board has woken too early and sleeps on. See `startDevice` for the parameters. */
export function startSleeper(
  settings: SleeperSettings,
  features: AgentFeatures,
  objects: readonly LwM2mObject[],
  refresh: () => void,
): void {
  restartOnMemoryError();
  const bytes = STORE.read(RECORD);
  const { item } = bytes === undefined ? { item: undefined } : decodeItem(bytes);
  const kept: readonly Item[] = isList(item, 4) && item[0] === FORMAT ? item : [];
  const now = ESPRUINO_CALENDAR.seconds();
  const left = isAge(kept[3]) ? (kept[3] - now) * 1000 : 0;
  // The chip sleeps for half an hour at most: this was a part of a longer sleep.
  if (left >= SHORTEST_DEEP_SLEEP && isEsp32() && wokeInTime()) sleep(left);
  else new SleepingDevice(settings, kept, features).start(objects, refresh);
}

function sleep(period: number): void {
  if (ESP32_POWER.deepSleep !== undefined) ESP32_POWER.deepSleep(period);
}

class SleepingDevice {
  private readonly settings: SleeperSettings;
  private readonly kept: readonly Item[];
  private readonly features: AgentFeatures;
  private readonly account: PowerAccount = new PowerAccount(ESPRUINO_CALENDAR.seconds(), isEsp32());
  /** Of the account, what the record has: it changes with each sleep, not with each registration. */
  private accountKept: Item;
  /** The next boot is to know nothing but the account. */
  private isForgetful = false;

  constructor(settings: SleeperSettings, kept: readonly Item[], features: AgentFeatures) {
    this.settings = settings;
    this.kept = kept;
    this.features = features;
    this.accountKept = kept[2];
    this.account.resume(kept[2]);
  }

  start(objects: readonly LwM2mObject[], refresh: () => void): void {
    const device = this;
    const ssid = this.settings["ssid"];
    const power = isEsp32() ? ESP32_POWER : ESPRUINO_POWER;
    const { account } = this;
    account.noteRadio(ESPRUINO_CALENDAR.seconds(), true);
    if (ssid === undefined) {
      this.begin(objects, refresh, power, ESPRUINO_DATAGRAMS);
      return;
    }
    const wifi = new EspruinoWifi({ ssid: ssid, password: this.settings["password"] });
    let hasBegun = false;
    wifi.listeners.push(function (isUp) {
      if (!isUp || hasBegun) return;
      hasBegun = true;
      device.begin(objects, refresh, wifiPower(wifi, power), overWifi(wifi, ESPRUINO_DATAGRAMS));
    });
    setTimeout(function () {
      if (hasBegun || !isEsp32()) return;
      print("no network");
      device.write(device.kept[1], AWAY_PERIOD);
      sleep(AWAY_PERIOD);
    }, NETWORK_PATIENCE);
    wifi.up();
  }

  private begin(
    objects: readonly LwM2mObject[],
    refresh: () => void,
    power: Power,
    datagrams: Datagrams,
  ): void {
    const device = this;
    const host = this.settings["time"];
    if (host === undefined || ESPRUINO_CALENDAR.seconds() >= CLOCK_IS_SET) {
      this.run(objects, refresh, power, datagrams);
      return;
    }
    setClock(host, function () {
      // What was counted by the clock of before cannot be gone on with.
      device.account.since = ESPRUINO_CALENDAR.seconds();
      device.run(objects, refresh, power, datagrams);
    });
  }

  private run(
    objects: readonly LwM2mObject[],
    refresh: () => void,
    power: Power,
    datagrams: Datagrams,
  ): void {
    const device = this;
    const { settings, account } = this;
    const accounted: Power = {
      setRadio: function (isOn) {
        account.noteRadio(ESPRUINO_CALENDAR.seconds(), isOn);
        power.setRadio(isOn);
      },
      deepSleep: power.deepSleep,
      // Both begin anew with every server, as who asked for it expects.
      reboot: function () {
        device.isForgetful = true;
        power.reboot();
      },
      factoryReset: function () {
        device.isForgetful = true;
        power.factoryReset();
      },
    };
    const configuration = configurationOf(settings, objects, accounted);
    const awake = settings["awake"] === undefined ? DEFAULT_AWAKE_SECONDS : settings["awake"];
    const agent = new BasicAgent(
      Object.assign(configuration, { queueMode: true, awakeFor: awake * 1000 }),
      this.features,
    );
    agent.addServer({ shortServerId: SHORT_SERVER_ID, uri: settings["server"] });
    const now = ESPRUINO_CLOCK.now();
    resumeBoardState(agent, now, ESPRUINO_CALENDAR.seconds(), this.kept[1]);
    keepCurrent(agent, refresh);
    const memory = {
      keep: function (wakeAt?: number) {
        const at = ESPRUINO_CLOCK.now();
        const state = boardState(agent, at, ESPRUINO_CALENDAR.seconds());
        device.write(state, wakeAt === undefined ? 0 : wakeAt - at);
      },
      maySleep: function () {
        return true;
      },
    };
    const board = {
      datagrams: datagrams,
      clock: ESPRUINO_CLOCK,
      calendar: ESPRUINO_CALENDAR,
      alarm: guarded(new EspruinoAlarm(), WATCHDOG_SECONDS),
      random: ESPRUINO_RANDOM,
      power: accounted,
    };
    runSleeping(agent, board, memory, function (event) {
      tell(event);
      if (event.kind === "asleep") print(account.words(ESPRUINO_CALENDAR.seconds()));
    });
  }

  /** @param period ms to be off from now on; 0 where the board stays on */
  private write(state: Item, period: number): void {
    const now = ESPRUINO_CALENDAR.seconds();
    if (period > 0) this.accountKept = this.account.item(now);
    const wakeAt = period > 0 ? Math.floor(now + period / 1000) : 0;
    const known = this.isForgetful ? undefined : state;
    STORE.write(RECORD, encodeItem([FORMAT, known, this.accountKept, wakeAt]));
  }
}
