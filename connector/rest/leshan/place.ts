/** Where something is in a device's tree, or in that of a device behind it, and how its values are named and typed there. */
import type { DefinitionOf } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Devices } from "../../contract.ts";
import { definitionsBehind, definitionsOf } from "../../registry/definitions.ts";
import type { Registration } from "../../registry/registration.ts";
import { compositePlaceOf, UNKNOWN_PREFIX } from "../../session/target.ts";

export interface Place {
  readonly path: Path;
  /** The same as it is asked for: `/3/0/1`, or behind a gateway `/d01/3303/0`. */
  readonly at: string;
  /** What stands before paths in names: "", an alternate path `/lwm2m`, or the prefix of a device behind a gateway, `/d01`. */
  readonly prefix: string;
  readonly definitionOf: DefinitionOf;
}

/** The place of that path, `/` the whole tree; undefined when it is none, or begins with a prefix that nothing behind this device has. */
export function placeAt(
  devices: Devices,
  registration: Registration,
  at: string,
): Place | undefined {
  const behind = registration.isGateway ? devices.gatewayDevices(registration.endpointName) : [];
  const found = compositePlaceOf(registration, at, behind);
  if (found === undefined || found === UNKNOWN_PREFIX) return undefined;
  const { path, prefix } = found;
  const device = behind.find((each) => prefix === `/${each.prefix}`);
  const definitionOf =
    device === undefined ? definitionsOf(registration) : definitionsBehind(registration, device);
  return { path, at, prefix, definitionOf };
}
