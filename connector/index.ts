/**
 * `dormouse-lwm2m/connector`: the Device Connector to run inside a program. `DeviceConnector` is all of it with its REST API,
 * `ConnectorService` the LwM2M server alone on a UDP socket, `Connector` the machine beneath without any I/O.
 */
export * from "./connector.ts";
export * from "./contract.ts";
export * from "./device-connector.ts";
export * from "./queue/downlink-queue.ts";
export * from "./queue/queue-entry.ts";
export * from "./registry/definitions.ts";
export * from "./registry/registration.ts";
export * from "./service.ts";
export * from "./session/write-composite.ts";
export * from "./settings.ts";
export * from "./store/lmdb-store.ts";
export * from "./store/memory-store.ts";
export * from "./store/store.ts";
