/** A day of two hundred devices over a bad network, in virtual time: the same every run, and over in seconds. */
import { Fleet, hours, SLEEPER } from "dormouse-lwm2m/simulator";

const fleet = new Fleet({
  size: 200,
  profile: SLEEPER,
  seed: 42,
  network: { loss: 0.1, latency: 200, duplication: 0.02 },
});
const report = fleet
  .run({ for: hours(24) })
  .leave()
  .report();

console.log(`${report.registered} of ${report.count} registered, ${report.lost} requests lost`);
console.log(`${report.updates} updates, half of them answered within ${report.latencyMs.p50} ms`);
console.log(`the slowest took ${report.latencyMs.max / 1000} s, retransmissions included`);
