/** An LwM2M server inside a program: reads the manufacturer of every device that registers, and observes its temperature. */
import { ConnectorService, defaultSettings, MemoryStore } from "dormouse-lwm2m/connector";
import { codes } from "dormouse-lwm2m/protocol";

const text = new TextDecoder();
const service = await ConnectorService.start({
  connector: defaultSettings({ uint32: () => crypto.getRandomValues(new Uint32Array(1))[0] }),
  store: new MemoryStore(),
  host: "127.0.0.1",
  port: Number(process.argv[2] ?? 5683),
  log: console.error,
  sink: (event) => {
    if (event.kind === "registration") greet(event.registration.endpointName);
    else if (event.kind === "response" || event.kind === "notification") {
      console.log(`${event.endpointName} ${event.path} ${text.decode(event.payload)}`);
    } else if (event.kind !== "update") console.log(event.kind);
  },
});
console.log(`Listening at coap://127.0.0.1:${service.port}`);
process.once("SIGINT", () => service.close());

function greet(endpointName: string): void {
  console.log(`${endpointName} registered`);
  service.submit(endpointName, {
    method: codes.GET,
    path: "/3/0/0",
    payload: new Uint8Array(0),
    confirmable: true,
    expiresIn: 60_000,
  });
  service.observe(endpointName, "/3303/0/5700");
}
