/** Before all suites, once: compiles what the commands are run from, so that they are what npm publishes, and start quickly. */
import { execFileSync } from "node:child_process";

export function setup(): void {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: ["ignore", "inherit", "inherit"] });
}
