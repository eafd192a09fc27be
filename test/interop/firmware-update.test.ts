/** Firmware updates with the servers of others: Leshan manages, and libcoap or Node's HTTP server has the package. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeFirmware } from "../../firmware/boards/node/firmware.ts";
import { NodeBoard, NodeDevice } from "../../firmware/boards/node/main.ts";
import { deviceObject } from "../../firmware/objects/device.ts";
import type { LwM2mObject } from "../../firmware/objects/lwm2m-object.ts";
import { PUT } from "../../protocol/coap/codes.ts";
import { OCTET_STREAM, TEXT, TLV } from "../../protocol/coap/content-formats.ts";
import { Child } from "./support/child.ts";
import { CoapSocket, LOOPBACK } from "./support/coap-socket.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { body, request, shown } from "./support/requests.ts";
import { shows } from "./support/shows.ts";

const EP = "urn:dormouse:updatable";
const IMAGE = body(20_000);

/** A device of objects alone: Leshan refuses a list with other resources. */
function deviceWith(firmware: LwM2mObject, server: string): NodeDevice {
  const board = new NodeBoard();
  const objects = [deviceObject(board.calendar, board.power, {}), firmware];
  return new NodeDevice({ server, endpointName: EP, board, objects });
}

/** Reads the state until it is the wanted one. */
async function untilState(leshan: RemotePeer, wanted: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { values } = await leshan.ask({ op: "read", ep: EP, path: "/5/0/3", format: TLV });
    if ((values as Record<string, unknown> | undefined)?.["/5/0/3"] === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the state does not become ${wanted}`);
}

describeWith(["leshan"], "our firmware update with Leshan's server", () => {
  let leshan: RemotePeer;
  let device: NodeDevice;
  let folder: string;
  const installed: Uint8Array[] = [];

  beforeAll(async () => {
    const port = await freePort();
    folder = mkdtempSync(join(tmpdir(), "dormouse-firmware-"));
    leshan = await RemotePeer.leshanServer(port);
    const firmware = nodeFirmware({
      folder,
      install: (file) => {
        installed.push(new Uint8Array(readFileSync(file)));
      },
    });
    const server = `coap://${LOOPBACK}:${port}`;
    device = deviceWith(firmware, server);
    device.start(() => {});
    await leshan.event("registered");
  });
  afterAll(async () => {
    await device?.stop();
    await leshan?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(op: string, path: string, more: { format?: number; value?: unknown } = {}) {
    return leshan.ask({ op, ep: EP, path, ...more });
  }

  async function value(path: string): Promise<unknown> {
    const { values } = await ask("read", path, { format: TLV });
    return (values as Record<string, unknown>)[path];
  }

  async function state(wanted: number): Promise<void> {
    await untilState(leshan, wanted);
  }

  async function update(): Promise<void> {
    expect((await ask("execute", "/5/0/2")).code).toBe("2.04");
    await state(0);
    expect(await value("/5/0/5")).toBe(1);
    expect(installed.pop()).toEqual(IMAGE);
  }

  test("LwM2M Core 1.1.1 §E.6: Leshan pushes a package in blocks, and has it installed", async () => {
    shows("Firmware push", "Block-wise transfer");
    expect((await ask("observe", "/5/0/3")).code).toBe("2.05");
    const hex = Buffer.from(IMAGE).toString("hex");
    const pushed = await ask("write", "/5/0/0", { format: OCTET_STREAM, value: hex });
    expect(pushed.code).toBe("2.04");
    expect(await value("/5/0/3")).toBe(2);
    await update();
  });

  test("LwM2M Core 1.1.1 §E.6: Leshan names a package on an HTTP server", async () => {
    shows("Firmware pull");
    const files = createServer((_, response) => response.end(Buffer.from(IMAGE)));
    await new Promise<void>((resolve) => files.listen(0, LOOPBACK, resolve));
    const uri = `http://${LOOPBACK}:${(files.address() as AddressInfo).port}/fw.bin`;
    try {
      expect((await ask("write", "/5/0/1", { format: TEXT, value: uri })).code).toBe("2.04");
      await state(2);
      await update();
    } finally {
      files.close();
    }
  });

  test("LwM2M Core 1.1.1 §E.6: a package that nobody has is result 7", async () => {
    shows("Firmware pull");
    const files = createServer((_, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => files.listen(0, LOOPBACK, resolve));
    const uri = `http://${LOOPBACK}:${(files.address() as AddressInfo).port}/none`;
    try {
      expect((await ask("write", "/5/0/1", { format: TEXT, value: uri })).code).toBe("2.04");
      await state(0);
      expect(await value("/5/0/5")).toBe(7);
    } finally {
      files.close();
    }
  });
});

describeWith(["leshan", "libcoap"], "our firmware update from libcoap's server", () => {
  test("LwM2M Core 1.1.1 §E.6: Leshan names a package that coap-server has", async () => {
    shows("Firmware pull", "Block-wise transfer");
    const [port, filesPort] = [await freePort(), await freePort()];
    const folder = mkdtempSync(join(tmpdir(), "dormouse-firmware-"));
    const files = Child.start("coap-server-notls", [
      "-A",
      LOOPBACK,
      "-p",
      `${filesPort}`,
      "-d",
      "20",
      "-v",
      "7",
    ]);
    await files.lines.next("coap-server on its port", (line) => line.includes("created UDP"));
    const ours = await CoapSocket.open({ settings: { blockSize: 512 } });
    const leshan = await RemotePeer.leshanServer(port);
    const installed: Uint8Array[] = [];
    const firmware = nodeFirmware({
      folder,
      install: (file) => {
        installed.push(new Uint8Array(readFileSync(file)));
      },
    });
    const server = `coap://${LOOPBACK}:${port}`;
    const device = deviceWith(firmware, server);
    try {
      expect(shown(await ours.request(filesPort, request(PUT, "/fw", IMAGE)))).toBe("2.01");
      device.start(() => {});
      await leshan.event("registered");
      const uri = `coap://${LOOPBACK}:${filesPort}/fw`;
      await leshan.ask({ op: "write", ep: EP, path: "/5/0/1", format: TEXT, value: uri });
      await untilState(leshan, 2);
      expect((await leshan.ask({ op: "execute", ep: EP, path: "/5/0/2" })).code).toBe("2.04");
      await untilState(leshan, 0);
      expect(installed).toEqual([IMAGE]);
    } finally {
      await device.stop();
      await leshan.stop();
      await files.stop();
      ours.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
