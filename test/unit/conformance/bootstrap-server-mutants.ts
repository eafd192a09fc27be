/** Bootstrap-Servers that are broken on purpose, each in one way, and the criteria that have to notice it. */
import { ANSWER_MUTANTS } from "./bootstrap-mutants/answers.ts";
import type { BootstrapServerMutant } from "./bootstrap-mutants/mutant.ts";
import { OPERATION_MUTANTS } from "./bootstrap-mutants/operations.ts";
import { REQUEST_MUTANTS } from "./bootstrap-mutants/requests.ts";

export const BOOTSTRAP_SERVER_MUTANTS: readonly BootstrapServerMutant[] = [
  ...REQUEST_MUTANTS,
  ...OPERATION_MUTANTS,
  ...ANSWER_MUTANTS,
];
