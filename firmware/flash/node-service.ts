/**
 * A program for Node as a service of its machine: the files that systemd needs, and where they go.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BoardSettings } from "./flash-board.ts";

export const SERVICE_NAME = "dormouse-device";
const LIBRARY_FOLDER = "/usr/local/lib/dormouse";
const SETTINGS = "/etc/dormouse/dormouse.json";

/** One file of a service. */
export interface ServiceFile {
  /** In the folder that is copied to the machine. */
  readonly name: string;
  /** Where it belongs on the machine. */
  readonly target: string;
  readonly content: string;
}

export interface Service {
  /** An ES module with all that it needs, as `dormouse build` makes it. */
  readonly program: string;
  /** The same of `firmware/boards/node/launch.ts`. */
  readonly launcher: string;
  readonly settings: BoardSettings;
  /** Node on the machine. */
  readonly node: string;
}

export function serviceFiles({ program, launcher, settings, node }: Service): ServiceFile[] {
  const file = (target: string, content: string) => ({
    name: target.slice(target.lastIndexOf("/") + 1),
    target,
    content,
  });
  return [
    file(`${LIBRARY_FOLDER}/device.mjs`, program),
    file(`${LIBRARY_FOLDER}/launch.mjs`, launcher),
    file(SETTINGS, `${JSON.stringify(settings, null, 2)}\n`),
    file(`/etc/systemd/system/${SERVICE_NAME}.service`, unitFile(node)),
  ];
}

/**
 * A device needs the network and a folder of its own, and reads what the machine tells of itself in /proc and /sys; it gets no more than that.
 * V8 compiles at run time, so that MemoryDenyWriteExecute cannot be among it. There is no WatchdogSec: Node cannot answer a watchdog
 * without a package that is compiled for the machine.
 */
export function unitFile(node: string): string {
  return `[Unit]
Description=LwM2M device
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=${node} ${LIBRARY_FOLDER}/launch.mjs ${LIBRARY_FOLDER}/device.mjs ${SETTINGS}
Restart=always
RestartSec=5
# The configuration is wrong: EX_CONFIG
RestartPreventExitStatus=78
TimeoutStopSec=10

DynamicUser=yes
StateDirectory=dormouse
StateDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
MemoryMax=256M

[Install]
WantedBy=multi-user.target
`;
}

/** The commands that put the files of a folder where they belong, for a person to type on the machine. */
export function installCommands(files: readonly ServiceFile[]): string[] {
  return [
    ...files.map(({ name, target }) => `sudo install -D -m 644 ${name} ${target}`),
    "sudo systemctl daemon-reload",
    `sudo systemctl enable ${SERVICE_NAME}`,
    `sudo systemctl restart ${SERVICE_NAME}`,
    `journalctl -u ${SERVICE_NAME} -f`,
  ];
}

/**
 * Puts the files where they belong; settings are written over those that are there.
 *
 * Throws the system's error.
 *
 * @param root instead of /
 */
export function installFiles(files: readonly ServiceFile[], root = "/"): void {
  for (const { target, content } of files) {
    const path = join(root, target);
    mkdirSync(dirname(path), { recursive: true });
    const written = target === SETTINGS ? mergedSettings(path, content) : content;
    writeFileSync(`${path}.new`, written, { mode: 0o644 });
    renameSync(`${path}.new`, path);
  }
}

function mergedSettings(path: string, content: string): string {
  if (!existsSync(path)) return content;
  let former: object;
  try {
    former = JSON.parse(readFileSync(path, "utf8")) as object;
  } catch (error) {
    throw new Error(`${path} is no JSON, and is left as it is: ${(error as Error).message}`);
  }
  return `${JSON.stringify({ ...former, ...JSON.parse(content) }, null, 2)}\n`;
}
