/** Every case, in the order of its id. */
import type { ConformanceCase } from "../case.ts";
import { REGISTRATION_CASES } from "./ets-1xx-registration.ts";

/** Cases that judge a client. */
export const CLIENT_CASES: readonly ConformanceCase[] = [...REGISTRATION_CASES];
