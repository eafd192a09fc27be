/**
 * The process that has the npm package `espruino` in it: the package's own devices, and nothing of what it does around them. Its `Serial.open`
 * asks a board for its environment and the internet for a description of it, and its `Serial.write` never tells that 512 bytes or fewer
 * are out.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { BoardPort } from "./board-line.ts";

export type ToProcess =
  | { readonly kind: "write"; readonly text: string }
  | { readonly kind: "close" };

export type FromProcess =
  | { readonly kind: "open" | "closed" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failed"; readonly reason: string };

/** What the package's files `core/serial_*.js` provide. */
interface EspruinoDevice {
  readonly name: string;
  /** Bytes that a write may have. */
  readonly maxWriteLength?: number;
  getPorts(
    tell: (ports: readonly { path: string; description?: string }[] | undefined) => void,
  ): void;
  open(
    path: string,
    opened: (connection: unknown) => void,
    receive: (bytes: ArrayBuffer) => void,
    closed: () => void,
  ): void;
  write(text: string, written: () => void): void;
  close(): void;
}

interface EspruinoLibrary {
  init(done: () => void): void;
}

interface EspruinoGlobal {
  readonly Config: Record<string, unknown>;
  readonly Core: {
    readonly Serial: { readonly devices: readonly EspruinoDevice[] };
    readonly Utils: {
      addRecognisedDeviceAddress(name: string): void;
      addRecognisedDeviceName(name: string): void;
    };
  };
}

const WRITE_LENGTH = 512;
const BLE_INTERVAL = 500;
const SYSTEM_BUS = "/run/dbus/system_bus_socket";

function tell(message: FromProcess): void {
  process.send?.(message);
}

process.on("uncaughtException", (error) => tell({ kind: "failed", reason: error.message }));
process.on("unhandledRejection", (error) => tell({ kind: "failed", reason: String(error) }));
// Whoever started it is gone.
process.on("disconnect", () => process.exit());

// The package tells faults of a socket nowhere else.
console.error = (...words: unknown[]) => {
  const [, told] = /^RECEIVE ERROR:? ?(.*)$/s.exec(words.join(" ")) ?? [];
  if (told !== undefined) tell({ kind: "failed", reason: socketFault(told) });
};

function socketFault(told: string): string {
  try {
    const { code, syscall } = JSON.parse(told) as { code?: string; syscall?: string };
    return `${syscall ?? "socket"} ${code ?? told}`;
  } catch {
    return told;
  }
}

const { library, port } = JSON.parse(process.argv[2]) as { library: string; port: BoardPort };
const require = createRequire(import.meta.url);
(require(library) as EspruinoLibrary).init(() => {
  const { Espruino } = globalThis as unknown as { Espruino: EspruinoGlobal };
  open(Espruino).catch((error: Error) => tell({ kind: "failed", reason: error.message }));
});

async function open(espruino: EspruinoGlobal): Promise<void> {
  const { devices } = espruino.Core.Serial;
  if (port.kind === "ble") return openBle(espruino);
  const name = port.kind === "tcp" ? "Node Socket" : "Node Serial";
  const device = devices.find((candidate) => candidate.name === name);
  if (device === undefined) throw new Error("no module for serial ports");
  if (port.kind === "serial") espruino.Config.BAUD_RATE = port.baud;
  // Not looked up in the list of ports, where no pseudo-terminal is.
  connect(device, port.kind === "tcp" ? `tcp://${port.host}:${port.port}` : port.text);
}

/** Looks around until a board of this name or address is there. */
async function openBle({ Config, Core }: EspruinoGlobal): Promise<void> {
  Core.Utils.addRecognisedDeviceAddress(port.text);
  Core.Utils.addRecognisedDeviceName(port.text);
  // One or the other: the second to begin finds the radio taken. node-ble ends its process where there is no D-Bus.
  const hasBus = existsSync(SYSTEM_BUS) && isInstalled("node-ble");
  Config.BLUETOOTH_LOW_ENERGY_DBUS = hasBus;
  Config.BLUETOOTH_LOW_ENERGY = !hasBus;
  if (!hasBus && !isInstalled("@abandonware/noble")) throw new Error("no module for BLE");
  for (;;) {
    for (const device of Core.Serial.devices.filter(({ name }) =>
      /ble|bluetooth|noble/i.test(name),
    )) {
      const ports = await new Promise<readonly { path: string; description?: string }[]>((found) =>
        device.getPorts((listed) => found(listed ?? [])),
      );
      const wanted = port.text.toLowerCase();
      const match = ports.find(
        ({ path, description }) =>
          path.toLowerCase() === wanted || description?.toLowerCase() === wanted,
      );
      if (match !== undefined) return connect(device, match.path);
    }
    await new Promise((resolve) => setTimeout(resolve, BLE_INTERVAL));
  }
}

function isInstalled(name: string): boolean {
  try {
    createRequire(library).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function connect(device: EspruinoDevice, path: string): void {
  device.open(
    path,
    (connection) => {
      if (!connection) return tell({ kind: "failed", reason: "the device did not open" });
      new Writer(device);
      tell({ kind: "open" });
    },
    (bytes) => tell({ kind: "text", text: Buffer.from(bytes).toString("latin1") }),
    () => tell({ kind: "closed" }),
  );
}

/** Writes one piece after the other. */
class Writer {
  private readonly device: EspruinoDevice;
  private pending = "";
  private isWriting = false;
  private isClosing = false;

  constructor(device: EspruinoDevice) {
    this.device = device;
    process.on("message", (message: ToProcess) => {
      if (message.kind === "write") this.pending += message.text;
      else this.isClosing = true;
      this.next();
    });
  }

  private next(): void {
    if (this.isWriting) return;
    if (this.pending === "") {
      if (this.isClosing) this.finish();
      return;
    }
    const length = this.device.maxWriteLength ?? WRITE_LENGTH;
    const piece = this.pending.slice(0, length);
    this.pending = this.pending.slice(length);
    this.isWriting = true;
    this.device.write(piece, () => {
      this.isWriting = false;
      this.next();
    });
  }

  private finish(): void {
    this.device.close();
    // The package keeps timers and sockets.
    setTimeout(() => process.exit(), CLOSING_TIME);
  }
}

const CLOSING_TIME = 100;
