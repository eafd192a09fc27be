/** `npm run bench`: all benchmarks in one run. BENCH=short makes it a check that they run. */
import { benchCodec } from "./bench-codec.ts";
import { benchConnector } from "./bench-connector.ts";
import type { FleetComparison } from "./bench-fleet.ts";
import { compareFleets, FLEET } from "./bench-fleet.ts";
import type { Measurement, Report } from "./bench-report.ts";
import { printReports } from "./bench-report.ts";
import { benchRest } from "./bench-rest.ts";
import { benchStore } from "./bench-store.ts";

const KILOBYTE = 1024;

/** KB of an agent before it had all of LwM2M (7a2a34a, measured as here), and by how much it may have grown since. */
const BEFORE = { resident: 2.5, heap: 2.28 };
const MAY_GROW = 1;

const short = process.env["BENCH"] === "short";
// Each as soon as it is there: the whole takes minutes.
printReports([benchCodec(short)]);
printReports([await benchConnector(short)]);
printReports([await benchRest(short)]);
printReports([await benchStore(short)]);
printReports([fleetReport(await compareFleets())]);

function fleetReport({ fleet, limit }: FleetComparison): Report {
  const against = "limit-fleet";
  return {
    title: `Fleet, per exchange (${Math.round(fleet.updatesPerSecond)} updates/s, ${fleet.lost} lost)`,
    measurements: [
      {
        what: "register",
        ours: fleet.registerCpu,
        unit: "us CPU",
        against,
        theirs: limit.registerCpu,
        goal: 1.5,
      },
      {
        what: "update",
        ours: fleet.updateCpu,
        unit: "us CPU",
        against,
        theirs: limit.updateCpu,
        goal: 1.5,
      },
      memoryOf("resident", fleet.residentAboveSocket, BEFORE.resident),
      memoryOf("heap", fleet.heapAboveSocket, BEFORE.heap),
    ],
  };
}

/** Above its socket. */
function memoryOf(kind: string, bytes: number, before: number): Measurement {
  return {
    what: `an agent of a fleet of ${FLEET}, ${kind}`,
    ours: bytes / KILOBYTE,
    unit: "KB",
    against: "before",
    theirs: before,
    goal: (before + MAY_GROW) / before,
  };
}
