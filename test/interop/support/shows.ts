/** Operations by the standard's names, as `npm run interop` lists them. */
export type Operation =
  | "Bootstrap-Request"
  | "Bootstrap-Discover"
  | "Bootstrap-Read"
  | "Bootstrap-Write"
  | "Bootstrap-Delete"
  | "Bootstrap-Finish"
  | "Register"
  | "Update"
  | "De-register"
  | "Queue mode"
  | "Read"
  | "Discover"
  | "Write (Replace)"
  | "Write (Partial Update)"
  | "Write-Attributes"
  | "Execute"
  | "Create"
  | "Delete"
  | "Read-Composite"
  | "Write-Composite"
  | "Observe"
  | "Notify"
  | "Cancel Observation"
  | "Observe-Composite"
  | "Send"
  | "Firmware push"
  | "Firmware pull"
  | "Block-wise transfer";

/**
 * Says which operations a test has two implementations do with each other. Does nothing when the test runs: operations-reporter.ts
 * reads it from the source, so that tests which are skipped have it too. A test without it is listed by its name.
 */
export function shows(..._operations: readonly Operation[]): void {}
