/** The command, as npm installs it: `test/support/build.ts` has compiled it. */
import { join } from "node:path";

export const DORMOUSE = join(import.meta.dirname, "../../../dist/bin/dormouse.js");
