/** What applications and operators are told of bootstraps. */

/** How a device came by its configuration: it asked for it, fetched it as a whole, or was sent it without asking (LwM2M 1.0). */
export type BootstrapVia = "request" | "pack" | "push";

interface BootstrapEventBase {
  readonly endpointName: string;
  /** Tells the bootstraps of one run of the connector apart. */
  readonly sessionId: number;
  /** The device's transport address. */
  readonly address: string;
  readonly via: BootstrapVia;
  /** Where its configuration is written: `configuration` or `rule NAME`; empty when there is none. */
  readonly source: string;
}

export interface BootstrapStarted extends BootstrapEventBase {
  readonly kind: "bootstrap-started";
}

export interface BootstrapFinished extends BootstrapEventBase {
  readonly kind: "bootstrap-finished";
  /** How many requests the device has answered. */
  readonly steps: number;
  /** What a Bootstrap-Read has shown: path -> value as text. */
  readonly found: Readonly<Record<string, string>>;
}

export interface BootstrapFailed extends BootstrapEventBase {
  readonly kind: "bootstrap-failed";
  readonly steps: number;
  readonly found: Readonly<Record<string, string>>;
  /** One line for people, without secrets. */
  readonly reason: string;
}

/** Each `bootstrap-started` is followed by exactly one of the other two with its `sessionId`, unless the connector is killed. */
export type BootstrapEvent = BootstrapStarted | BootstrapFinished | BootstrapFailed;
