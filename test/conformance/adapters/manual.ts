/**
 * A client that a person handles: `dormouse conform client --adapter manual`. The harness says what is to be done, and waits.
 */
import type { Value } from "../../../protocol/model/data-types.ts";
import type { ClientSetup } from "../client-under-test.ts";
import { type BaseConfiguration, configuredValues, serverCountOf } from "../configurations.ts";
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
    report: (paths) =>
      ask(`Have the device send the values of ${paths.join(" and ")} (Send), and press Enter.`),
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
    ...servers.map((uri, i) => serverLine(uri, i, configuration)),
    `  queue mode     ${configuration.queueMode ? "on" : "off"}`,
  ];
  const { profileId, notifications } = configuration;
  if (notifications !== undefined) lines.push(`  notifications  ${notifications}`);
  if (profileId !== undefined) lines.push(`  Profile ID     ${profileId} the list of objects`);
  for (const objectId of Object.keys(configuration.objects)) {
    for (const [path, value] of Object.entries(configuredValues(configuration, `/${objectId}`))) {
      lines.push(`  ${path.padEnd(13)}  ${formatValue(value)}`);
    }
  }
  return lines.join("\n");
}

function serverLine(uri: string, i: number, configuration: BaseConfiguration): string {
  const accounts = Object.keys(configuration.objects[1] ?? {}).length;
  if (i < accounts) return `  server ${i + 1}       ${uri}, NoSec`;
  if (i === serverCountOf(configuration)) return `  bootstrap      ${uri}, NoSec, in /0/1`;
  return `  server ${i + 1}       none: the bootstrap server will write it`;
}
