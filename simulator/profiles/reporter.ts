import { MINUTE } from "../../protocol/time/duration.ts";
import type { Profile } from "./profile.ts";
import { SLEEPER } from "./sleeper.ts";

/** As the sleeper, and reports by itself: a server that observes nothing hears of it all the same. */
export const REPORTER: Profile = {
  ...SLEEPER,
  name: "reporter",
  about: "as sleeper, and sends its temperature every 15 minutes",
  sends: { paths: ["/3303/0/5700", "/3/0/9"], every: 15 * MINUTE },
};
