/** The connector's core alone, for bench-connector.ts: `connector-under-load.ts PORT [FOLDER]`, without a folder without a store. */
import { systemRandom } from "../../connector/adapters/entropy.ts";
import { ConnectorService } from "../../connector/service.ts";
import { defaultSettings } from "../../connector/settings.ts";
import { LmdbStore } from "../../connector/store/lmdb-store.ts";
import { NO_STORE } from "../../connector/store/memory-store.ts";

const [port, folder] = process.argv.slice(2);
const settings = defaultSettings(systemRandom());
const service = await ConnectorService.start({
  // A register storm of new names shall not end at the usual limit.
  connector: {
    ...settings,
    registry: { ...settings.registry, maxRegistrations: 5_000_000, maxLinkText: 2 ** 40 },
  },
  store: folder === undefined ? NO_STORE : new LmdbStore(folder),
  host: "127.0.0.1",
  port: Number(port),
  sink: () => {},
  log: (line) => console.error(line),
});
console.log("ready");

process.on("message", () => {
  globalThis.gc?.();
  process.send?.({ bytes: process.memoryUsage().heapUsed, size: service.size });
});
process.on("SIGTERM", () => {
  service.close().then(() => process.exit(0));
});
