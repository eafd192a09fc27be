/**
 * How the harness reaches a Bootstrap-Server: with raw clients of its own on one side, and on the other through whoever says what an
 * endpoint is to be given (an API, a person, or nobody where that is settled already).
 */
import type { Value } from "../../protocol/model/data-types.ts";
import type { Version } from "./case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** What the operator of a Bootstrap-Server can see to. A case that needs what is missing is not run. */
export type BootstrapAbility =
  /** Gives one endpoint what a case asks for, and takes it away again. */
  | "configure"
  /** Has the server ask first what is there (Bootstrap-Discover), and write beside the bootstrap account. */
  | "discover"
  /** Has the server read /1 and /2. */
  | "read"
  /** Has the server write single resources to a device that has the rest. */
  | "single resources"
  /** Says what became of a bootstrap. */
  | "outcomes";

export interface BootstrapClaims {
  readonly versions: readonly Version[];
  readonly abilities: readonly BootstrapAbility[];
}

/** What one endpoint is to be given. */
export interface BootstrapPlan {
  /** By path of a resource or resource instance. The server may write more, and with `discovers` to other instances. */
  readonly values: Readonly<Record<string, Value>>;
  /** What is deleted first: `/0`, `/1`. */
  readonly deletes: readonly string[];
  readonly discovers?: true;
  /** What is read: `/1`, `/2`. */
  readonly reads?: readonly string[];
  /** The values are single resources, to be written one by one. */
  readonly isPartial?: true;
}

/** How a bootstrap ended, as the operator is told. */
export interface BootstrapOutcome {
  readonly isSuccess: boolean;
  /** In the operator interface's own words. */
  readonly words: string;
}

/** Its own errors reject: they are nobody's failure. */
export interface BootstrapOperator {
  readonly name: string;
  readonly claims: BootstrapClaims;
  /** Resolves when the endpoint would be given this. */
  configure(endpointName: string, plan: BootstrapPlan): Promise<void>;
  /** Resolves when the endpoint is not known any more; harmless when it never was. */
  remove(endpointName: string): Promise<void>;
  /** What became of the endpoint's last bootstrap since it was configured; undefined while nothing is known that was not told before. */
  outcome(endpointName: string): Promise<BootstrapOutcome | undefined>;
  close(): Promise<void>;
}

/** One Bootstrap-Server during one case. Its `operator` is that of the LwM2M Server beside it, or one that can do nothing. */
export interface BootstrapServerUnderTest extends ServerUnderTest {
  readonly bootstrap: BootstrapOperator;
  /** The LwM2M Server that is judged with it, by the same clock and with addresses of its own. */
  readonly lwm2m: ServerUnderTest | undefined;
}

export interface BootstrapServerAdapter {
  /** Names the server in reports. */
  readonly name: string;
  readonly claims: BootstrapClaims;
  /** There is an LwM2M Server with it, whose operator can have something executed. */
  readonly hasLwm2mServer: boolean;
  /** Rejects when the server cannot be reached: the case is then not run. */
  prepare(): Promise<BootstrapServerUnderTest>;
}
