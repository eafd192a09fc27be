/**
 * The whole connector with one device, for bench-rest.ts: `rest-under-load.ts FOLDER KEYS RESOURCES`.
 *
 * Its device has /shared and RESOURCES more, /r/0 and so on. A message `{set: path}` changes one to the time on the monotonic clock, which
 * all processes of a machine share; `{register: true}` registers another device under that time as its name; `{report: true}` is answered
 * with the memory in use.
 */
import { ADMINISTRATOR } from "../../connector/access/users.ts";
import { DeviceConnector } from "../../connector/device-connector.ts";
import { LmdbStore } from "../../connector/store/lmdb-store.ts";
import { NodeDevice } from "../../firmware/boards/node/main.ts";
import { NamedResource } from "../../protocol/resources/named-resource.ts";

const [folder, keyCount, resourceCount] = process.argv.slice(2);
const connector = await DeviceConnector.start({
  store: new LmdbStore(folder),
  host: "127.0.0.1",
  httpPort: 0,
  coapPort: 0,
  allowedCallbacks: ["127.0.0.0/8"],
  product: "Dormouse under load",
  log: (line) => console.error(line),
});
const owner = { domainId: ADMINISTRATOR.domainId, ownerId: ADMINISTRATOR.id };
const keys: string[] = [];
for (let i = 0; i < Number(keyCount); i++) {
  keys.push(connector.access.keys.create(owner, `key ${i}`, Date.now()).key);
}
await connector.commit();

const resources = new Map<string, NamedResource>();
const paths = ["/shared"];
for (let i = 0; i < Number(resourceCount); i++) paths.push(`/r/${i}`);
for (const path of paths) {
  resources.set(path, new NamedResource(path, { observable: true, value: "0" }));
}
const device = new NodeDevice({
  endpointName: "clock",
  plain: true,
  server: connector.coapUrl,
  resources: [...resources.values()],
});
device.start((event) => {
  if (event.kind === "registered") process.send?.({ url: connector.httpUrl, keys });
});

process.on("message", (message: { set?: string; register?: true; report?: true }) => {
  if (message.set !== undefined) resources.get(message.set)?.set(`${process.hrtime.bigint()}`);
  if (message.register === true) {
    const endpointName = `${process.hrtime.bigint()}`;
    new NodeDevice({ endpointName, plain: true, server: connector.coapUrl, resources: [] }).start(
      () => {},
    );
  }
  if (message.report === true) process.send?.({ rss: process.memoryUsage().rss });
});
process.on("SIGTERM", () => {
  device.stop().then(() => connector.close().then(() => process.exit(0)));
});
