import { expect, test } from "vitest";
import { NodeBoard, NodeDevice } from "../../../../../firmware/boards/node/main.ts";
import { SERVER_LIFETIME } from "../../../../../protocol/model/objects/server.ts";

const DEAF = { open: () => ({ send: () => {}, close: () => {} }) };

/** A board that nothing leaves and nothing reaches. */
class DeafBoard extends NodeBoard {
  override readonly datagrams = DEAF;
}

function started(board: NodeBoard): NodeDevice {
  const device = new NodeDevice({
    server: "coap://192.0.2.1",
    bootstrap: "coap://192.0.2.2",
    endpointName: "kept",
    board,
  });
  device.start(() => {});
  return device;
}

test("accounts outlive a reboot as servers have left them", async () => {
  const board = new DeafBoard();
  const device = started(board);
  const before = device.agent;
  before.servers.set(0, SERVER_LIFETIME, 77);
  board.power.onReboot?.(false);
  expect(device.agent).not.toBe(before);
  expect(device.agent.servers.get(0, SERVER_LIFETIME)).toBe(77);
  expect(device.agent.links.map(({ uri }) => uri)).toEqual([
    "coap://192.0.2.1",
    "coap://192.0.2.2",
  ]);
  await device.stop(1);
});

test("a factory reset brings back those of the factory", async () => {
  const board = new DeafBoard();
  const device = started(board);
  device.agent.servers.set(0, SERVER_LIFETIME, 77);
  board.power.onReboot?.(true);
  expect(device.agent.servers.get(0, SERVER_LIFETIME)).toBe(86400);
  await device.stop(1);
});
