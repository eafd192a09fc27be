/**
 * `dormouse-lwm2m/boards/espruino`: what a program for an Espruino board is made of beside the agent: the board's ports, and a device put
 * together from them. `dormouse build` bundles it.
 *
 *     const settings = readSettings();
 *     if (settings !== undefined) startDevice(settings, FEATURES, [temperature], refresh, ESPRUINO_DATAGRAMS);
 */
export * from "./clock.ts";
export * from "./crypto.ts";
export * from "./device.ts";
export * from "./dht22.ts";
export * from "./entropy.ts";
export * from "./firmware.ts";
export * from "./power.ts";
export * from "./rotating-store.ts";
export * from "./serial.ts";
export * from "./settings.ts";
export * from "./sleeping-device.ts";
export * from "./sntp.ts";
export * from "./storage.ts";
export * from "./store.ts";
export * from "./tcp.ts";
export * from "./udp.ts";
export * from "./watchdog.ts";
export * from "./wifi.ts";
