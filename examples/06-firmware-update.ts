/** A device that updates its firmware: a package is pushed or pulled, checked by its digest, and installed by a function. */
import { createHash } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import {
  createNodeDevice,
  INTEGRITY_FAILED,
  NO_FAULT,
  nodeFirmware,
  type StagedPackage,
} from "dormouse-lwm2m/firmware";

const server = process.argv[2] ?? "coap://127.0.0.1:5683";
const folder = process.argv[3] ?? "./firmware";
/** A package is the SHA-256 of what follows. */
const DIGEST = 32;

function check(staged: StagedPackage) {
  const hash = createHash("sha256");
  for (let at = DIGEST; at < staged.length(); at += 65536) hash.update(staged.read(at, 65536));
  const isWhole = hash.digest().equals(staged.read(0, DIGEST));
  return { fault: isWhole ? NO_FAULT : INTEGRITY_FAILED };
}

const firmware = nodeFirmware({
  folder,
  verification: { check },
  install: (file) => {
    copyFileSync(file, join(folder, "installed"));
    console.log("Installed");
  },
});

const device = createNodeDevice({ server, endpointName: "updatable", objects: [firmware] });
device.start(({ kind }) => console.log(kind));
process.once("SIGINT", () => device.stop());
