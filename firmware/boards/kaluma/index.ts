/**
 * `dormouse-lwm2m/boards/kaluma`: what a program for Kaluma on a Pico W is made of beside the agent: the board's ports, and a device put
 * together from them. `dormouse build` bundles it.
 *
 *     const settings = readSettings();
 *     if (settings !== undefined) startDevice(settings, FEATURES, [temperature], refresh);
 */
export * from "./clock.ts";
export * from "./device.ts";
export * from "./entropy.ts";
export * from "./power.ts";
export * from "./settings.ts";
export * from "./store.ts";
export * from "./udp.ts";
export * from "./watchdog.ts";
export * from "./wifi.ts";
