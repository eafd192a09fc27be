/** Rights as object 2 has them, and who has them (LwM2M Core 1.2.2 §8.2, §E.3). */
import { type BaseConfiguration, SHARED } from "./configurations.ts";

export const [READ, WRITE, EXECUTE, DELETE, CREATE, EVERYTHING] = [1, 2, 4, 8, 16, 31];
/** Servers of the harness, by number; their Short Server IDs are one more. */
export const OWNER = 0;
export const OTHER = 1;

/** The first server owns /16/0, and may create; what else there is about rights the rows write. */
export const OWNED: BaseConfiguration = {
  ...SHARED,
  name: "C.14 with an instance of its first server's",
  objects: {
    ...SHARED.objects,
    2: {
      0: { 0: 3, 1: 0, 2: [0, EVERYTHING, READ], 3: 1 },
      1: { 0: 16, 1: 0, 2: [0, EVERYTHING, 0], 3: 1 },
      2: { 0: 16, 1: 65535, 2: [0, CREATE, 0], 3: 65535 },
    },
  },
};
