/**
 * `dormouse-lwm2m/firmware`: the device agent, its standard objects, and the board that is Node itself. Values, definitions and named
 * resources are in `dormouse-lwm2m/protocol`.
 *
 *     const temperature = sensorObject(TEMPERATURE);
 *     addSensor(temperature, 0, 21.5, "Cel");
 *     createNodeDevice({ server: "coap://127.0.0.1:5683", endpointName: "kitchen", objects: [temperature] }).start(console.log);
 */
export * from "./boards/node/firmware.ts";
export * from "./boards/node/gateway.ts";
export * from "./boards/node/http-packages.ts";
export * from "./boards/node/line.ts";
export * from "./boards/node/machine.ts";
export * from "./boards/node/main.ts";
export * from "./boards/node/package-keys.ts";
export * from "./boards/node/profile-hash.ts";
export * from "./boards/node/program-update.ts";
export * from "./boards/node/staging.ts";
export * from "./boards/node/store.ts";
export * from "./gateway/gateway.ts";
export * from "./portable.ts";
