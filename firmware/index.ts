/**
 * `dormouse-lwm2m/firmware`: the device agent, its standard objects, and the board that is Node itself. Values, definitions and named
 * resources are in `dormouse-lwm2m/protocol`.
 *
 *     const temperature = sensorObject(TEMPERATURE);
 *     addSensor(temperature, 0, 21.5, "Cel");
 *     createNodeDevice({ server: "coap://127.0.0.1:5683", endpointName: "kitchen", objects: [temperature] }).start(console.log);
 */
export * from "./agent/agent.ts";
export * from "./agent/all-codecs.ts";
export * from "./agent/all-features.ts";
export type { BootstrapAccount } from "./agent/bootstrap/bootstrap-account.ts";
export * from "./agent/features.ts";
export * from "./agent/kept/kept-reporting.ts";
export * from "./agent/management/instance-operations.ts";
export * from "./agent/management/named-resources.ts";
export { PACKAGE_CLAIMS } from "./agent/management/package-uploads.ts";
export type { Profile, ProfileConfiguration } from "./agent/registration/profiles.ts";
export * from "./agent/reporting/notification-attributes.ts";
export * from "./agent/reporting/reporting-attributes.ts";
export * from "./agent/reporting/reporting-link.ts";
export * from "./agent/reporting/samples.ts";
export * from "./agent/reporting/send-queue.ts";
export * from "./agent/server-link.ts";
export * from "./boards/node/firmware.ts";
export * from "./boards/node/gateway.ts";
export * from "./boards/node/http-packages.ts";
export * from "./boards/node/line.ts";
export * from "./boards/node/machine.ts";
export * from "./boards/node/main.ts";
export * from "./boards/node/profile-hash.ts";
export * from "./boards/node/staging.ts";
export * from "./boards/node/store.ts";
export * from "./gateway/gateway.ts";
export * from "./kept-loop.ts";
export * from "./loop.ts";
export * from "./objects/access-control.ts";
export * from "./objects/binary-app-data.ts";
export * from "./objects/connectivity-monitoring.ts";
export * from "./objects/connectivity-statistics.ts";
export * from "./objects/device.ts";
export * from "./objects/digital-input.ts";
export * from "./objects/event-log.ts";
export * from "./objects/firmware-update.ts";
export * from "./objects/ipso.ts";
export * from "./objects/location.ts";
export * from "./objects/lwm2m-object.ts";
export * from "./objects/portfolio.ts";
export * from "./objects/sensor.ts";
export type { AccountSettings } from "./objects/server-account.ts";
export * from "./objects/software-management.ts";
export * from "./objects/test-object.ts";
export * from "./objects/timer.ts";
export * from "./ports.ts";
export * from "./update/coap-packages.ts";
export * from "./update/firmware-update.ts";
export * from "./update/package-uri.ts";
export * from "./update/ports.ts";
export * from "./update/software-package.ts";
