/**
 * lwm2m-node-lib's server under remote control, with the line protocol of ../leshan/LeshanServer.java: requests
 * `{"id":1,"op":"read","ep":"x","path":"/3/0/0"}` on stdin, answers and events on stdout. Its API names operations by
 * object, instance and resource; its answers are texts.
 */
"use strict";
const { createInterface } = require("node:readline");
const { promisify } = require("node:util");
const server = require("lwm2m-node-lib").server;

const CONFIGURATION = {
  port: Number(process.argv[2]),
  lifetimeCheckInterval: 1000,
  udpWindow: 100,
  defaultType: "Device",
  types: [],
  logLevel: "FATAL",
  ipProtocol: "udp4",
  serverProtocol: "udp4",
  // Its own default is 1541, a Content-Format of a draft before LwM2M 1.0.
  writeFormat: "text/plain",
  defaultAcceptFormat: "text/plain",
  formats: [],
};

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const OPERATIONS = {
  read: (device, [object, instance, resource]) =>
    promisify(server.read)(device, object, instance, resource),
  write: (device, [object, instance, resource], value) =>
    promisify(server.write)(device, object, instance, resource, value),
  execute: (device, [object, instance, resource], value) =>
    promisify(server.execute)(device, object, instance, resource, value),
  attributes: (device, [object, instance, resource], value) =>
    promisify(server.writeAttributes)(device, object, instance, resource, value),
  discover: (device, path) => promisify(server.discover)(device, ...path),
  observe: (device, [object, instance, resource]) =>
    promisify(server.observe)(device, object, instance, resource, (value) => {
      print({ event: "notification", path: `/${object}/${instance}/${resource}`, value });
    }),
  cancel: (device, [object, instance, resource]) =>
    promisify(server.cancel)(device, object, instance, resource),
  create: (device, [object, instance]) => promisify(server.create)(device, object, instance),
};

async function answer(request) {
  try {
    const device = await promisify(server.getDevice)(request.ep);
    const path = request.path.split("/").slice(1);
    const value = await OPERATIONS[request.op](device.id, path, request.value);
    print({ id: request.id, value });
  } catch (error) {
    print({ id: request.id, error: `${error.name} ${error.code ?? ""} ${error.message ?? ""}` });
  }
}

server.start(CONFIGURATION, (error, serverInfo) => {
  if (error) throw error;
  server.setHandler(serverInfo, "registration", (ep, lifetime, version, binding, links, done) => {
    print({ event: "registered", ep, lifetime, version, binding, links });
    done();
  });
  server.setHandler(serverInfo, "updateRegistration", (device, links, done) => {
    print({ event: "updated", ep: device.name, lifetime: device.lifetime, links });
    done();
  });
  server.setHandler(serverInfo, "unregistration", (device, done) => {
    print({ event: "deregistered", ep: device.name });
    done();
  });
  print({ event: "ready" });
});

createInterface({ input: process.stdin })
  .on("line", (line) => answer(JSON.parse(line)))
  .on("close", () => process.exit(0));
