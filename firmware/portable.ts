/**
 * `dormouse-lwm2m/firmware` on a board: the agent, its features and its objects, without the machines that run Node. Programs import
 * from it by name, and only what they import is in their bundle.
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
