/**
 * `dormouse-lwm2m/simulator`: fleets of real agents. `Fleet` runs them in virtual time over a simulated network, `UdpFleet` over real
 * sockets, `WorkerFleet` over more sockets than one process may open.
 */
export * from "./behaviours/behaviour.ts";
export * from "./fleet.ts";
export * from "./fleet-engine.ts";
export * from "./profiles/catalogue.ts";
export * from "./profiles/mbed.ts";
export * from "./profiles/meter.ts";
export * from "./profiles/profile.ts";
export * from "./profiles/sensor.ts";
export * from "./profiles/sleeper.ts";
export * from "./registrar.ts";
export * from "./report/tally.ts";
export * from "./udp-fleet.ts";
export * from "./virtual-network.ts";
export * from "./worker-fleet.ts";
