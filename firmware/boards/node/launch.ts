/**
 * What a service of a machine starts: the newest program of its device, and an older one when that fails.
 *
 *     node launch.mjs /usr/local/lib/dormouse/device.mjs /etc/dormouse/dormouse.json
 *
 * The program beside this file is the one that was installed. One that came as an update (`program-update.ts`) is in `program/` of
 * the service's state; it is on trial until it has run for five minutes, and taken back after three starts that did not.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Starts that a program on trial has. */
const TRIALS = 3;
/** How long a program has to run to be kept, ms. */
const TRIAL_TIME = 5 * 60 * 1000;

const [node, , installed, ...others] = process.argv;
const program = newestProgram(installed, process.env.STATE_DIRECTORY);
process.argv = [node, program, ...others];
await import(pathToFileURL(program).href);

function newestProgram(installed: string, state: string | undefined): string {
  if (state === undefined) return installed;
  const folder = join(state, "program");
  const updated = join(folder, "device.mjs");
  const trial = join(folder, "trial");
  if (existsSync(trial)) {
    const starts = Number(readFileSync(trial, "utf8"));
    if (starts >= TRIALS) takeBack(folder);
    else {
      writeFileSync(trial, String(starts + 1));
      setTimeout(() => rmSync(trial, { force: true }), TRIAL_TIME).unref();
    }
  }
  return existsSync(updated) ? updated : installed;
}

/** The program before it is in its place again, if there was one. */
function takeBack(folder: string): void {
  const previous = join(folder, "previous.mjs");
  console.error(
    `The updated program did not run for ${TRIAL_TIME / 60_000} minutes: it is taken back`,
  );
  if (existsSync(previous)) renameSync(previous, join(folder, "device.mjs"));
  else rmSync(join(folder, "device.mjs"), { force: true });
  rmSync(join(folder, "trial"), { force: true });
}
