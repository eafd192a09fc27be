/**
 * A client that a person handles: `dormouse conform client --adapter manual`. The harness says what is to be done, and waits.
 */
import type { Value } from "../../../protocol/model/data-types.ts";
import type { ClientSetup } from "../client-under-test.ts";
import { type BaseConfiguration, configuredValues } from "../configurations.ts";
import { formatValue } from "../content.ts";
import type { DeviceProfile } from "./claims.ts";
import type { DeviceControl } from "./udp-client.ts";

/** Shows a text and resolves when the person has done what it says. */
export type Ask = (text: string) => Promise<void>;

export function manualControl(profile: DeviceProfile, ask: Ask): DeviceControl {
  let shown = "";
  return {
    name: profile.name,
    claims: profile,
    canSetValues: true,
    staysOn: true,
    async prepare({ configuration, endpointName, version }: ClientSetup, servers) {
      const wanted = instructions(configuration, endpointName, version, servers);
      // Asked once for each configuration: most cases share one.
      if (wanted === shown) return;
      shown = wanted;
      await ask(`${wanted}\nPress Enter when it is configured, and switched off.`);
    },
    start: () => ask("Switch the device on, or restart it, and press Enter at once."),
    set: (path: string, value: Value) =>
      ask(`Make the device's own value of ${path} become ${formatValue(value)}, and press Enter.`),
    stop: async () => {},
  };
}

function instructions(
  configuration: BaseConfiguration,
  endpointName: string,
  version: string,
  servers: readonly string[],
): string {
  const lines = [
    `Configure the device for LwM2M ${version} as ${configuration.name} says; it may have more than that:`,
    `  endpoint name  ${endpointName}`,
    ...servers.map((uri, i) => `  server ${i + 1}       ${uri}, NoSec`),
    `  queue mode     ${configuration.queueMode ? "on" : "off"}`,
  ];
  for (const objectId of Object.keys(configuration.objects)) {
    for (const [path, value] of Object.entries(configuredValues(configuration, `/${objectId}`))) {
      lines.push(`  ${path.padEnd(13)}  ${formatValue(value)}`);
    }
  }
  return lines.join("\n");
}
