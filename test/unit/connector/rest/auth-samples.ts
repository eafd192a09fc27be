/**
 * One request for each route there is, that succeeds with the right credential: of acme, about what belongs to acme. A route without its
 * sample here fails the build; so does a sample whose route is gone.
 */
import type { CredentialKind } from "../../../../connector/access/decision.ts";
import type { World } from "./auth-world.ts";

export interface Sample {
  readonly path: string | ((world: World) => string | Promise<string>);
  readonly body?: string | object | ((world: World) => object);
  /** What the route answers to who may; the row's lowest status of success without it. */
  readonly status?: number;
  /** What it answers to who may the same in another tenant: for routes that name something of this one. */
  readonly foreign?: number;
  /** Where a kind of credential is answered otherwise although it may: what the route itself decides. */
  readonly by?: Partial<Record<CredentialKind, number>>;
  /** Statuses for the reader, where viewing is more than its row says. */
  readonly reader?: number;
  /** Only the operator may; others get 403 although they hold the permission. */
  readonly operatorOnly?: boolean;
  /** What has to be there before, with the credential that asks. */
  readonly prepare?: (world: World, authorization: string) => Promise<unknown>;
}

const D = "d-acme";
const RESOURCE = `/v2/endpoints/${D}/dev/temp`;
const SUBSCRIPTION = `/v2/subscriptions/${D}/dev/temp`;
const CERT_BODY = { domain: "acme", publickey: "not a key" };

const openChannel = (world: World, authorization: string) =>
  world.ask("GET", "/v2/notification/pull?noWait=true", authorization);

const setCallback = (world: World, authorization: string) =>
  world.ask("PUT", "/v2/notification/callback", authorization, {
    body: JSON.stringify({ url: "https://callback.test/" }),
  });

const subscribe = async (world: World, authorization: string) => {
  await openChannel(world, authorization);
  await world.ask("PUT", SUBSCRIPTION, authorization);
};

const closeRegistration = async (world: World) => world.bench.devices.deregister(D);
const ofCustomer =
  (rest = "") =>
  (world: World) =>
    `/admin/customers/${world.tenants.acme.customer.id}${rest}`;
const ofReader =
  (rest = "") =>
  (world: World) =>
    `/admin/users/${world.tenants.acme.users.reader.id}${rest}`;
const ofClient =
  (rest = "") =>
  (world: World) =>
    `/admin/api-clients/${world.clientOf(world.tenants.acme.users.reader).client.clientKey}${rest}`;
const ofKey = (prefix: string) => (world: World) =>
  `${prefix}/${world.keyOf(world.tenants.acme.users.reader).id}`;
const ofDevice = (prefix: string) => (world: World) => `${prefix}/${world.tenants.acme.device.id}/`;
const ofNumberedClient =
  (rest = "") =>
  (world: World) =>
    `/api/2.0/api_clients/${world.clientOf(world.tenants.acme.users.reader).client.number}/${rest}`;

function ofGroup(world: World): string {
  world.access.users.putGroup({ id: "g", domainId: "domain-acme", name: "g", permissions: [] });
  return "/admin/groups/g";
}

function ofBuilding(world: World): string {
  const made = world.bench.inventory.buildings.create("domain-acme", "hall", {}, 0);
  return `/api/1.0/buildings/${made.id}/`;
}

async function ofCertificate(world: World): Promise<string> {
  const row = {
    serial: "0badcafe",
    domainId: "domain-acme",
    endpointName: "e",
    authorityKeyId: "a",
    issuedBy: "k",
    issuedAt: 0,
    notAfter: 1e15,
  };
  world.bench.certificates.ledger.record(row);
  return `/admin/certificates/${row.serial}`;
}

const BOOTSTRAP = { servers: [{ uri: "coap://acme.test", shortServerId: 1 }] };
const LESHAN_BOOTSTRAP = {
  servers: { 0: { shortId: 1 } },
  security: { 1: { uri: "coap://acme.test", securityMode: "NO_SEC", serverId: 1 } },
};
const configure = async (world: World) =>
  world.bench.bootstrap.accounts.putConfiguration(D, BOOTSTRAP);

async function ofRule(world: World): Promise<string> {
  const rule = { pattern: "*", configuration: BOOTSTRAP };
  world.bench.bootstrap.accounts.putRule("domain-acme", "all", rule);
  return "/admin/bootstrap/rules/all";
}

export const SAMPLES: Readonly<Record<string, Sample>> = {
  // mbed Device Connector
  "GET /": { path: "/" },
  "GET /rest-versions": { path: "/rest-versions" },
  "GET /limits": { path: "/v2/limits" },
  "GET /endpoints": { path: "/v2/endpoints" },
  "GET /endpoints/:endpointName": { path: `/v2/endpoints/${D}`, foreign: 404 },
  "DELETE /endpoints/:endpointName": { path: `/v2/endpoints/${D}`, foreign: 404 },
  "GET /endpoints/:endpointName/:resourcePath{.+}": {
    path: RESOURCE,
    status: 202,
    foreign: 410,
    prepare: openChannel,
  },
  "PUT /endpoints/:endpointName/:resourcePath{.+}": {
    path: RESOURCE,
    body: "1",
    foreign: 410,
    prepare: openChannel,
  },
  "POST /endpoints/:endpointName/:resourcePath{.+}": {
    path: RESOURCE,
    foreign: 410,
    prepare: openChannel,
  },
  "DELETE /endpoints/:endpointName/:resourcePath{.+}": {
    path: RESOURCE,
    foreign: 410,
    prepare: openChannel,
  },
  "POST /device-requests/:endpointName": {
    path: `/v2/device-requests/${D}?async-id=mine`,
    body: { method: "GET", uri: "/dev/temp" },
    foreign: 410,
    prepare: openChannel,
  },
  "GET /notification/pull": { path: "/v2/notification/pull?noWait=true", status: 204 },
  "DELETE /notification/pull": { path: "/v2/notification/pull", prepare: openChannel },
  "GET /notification/callback": { path: "/v2/notification/callback", prepare: setCallback },
  "PUT /notification/callback": {
    path: "/v2/notification/callback",
    body: { url: "https://callback.test/" },
  },
  "DELETE /notification/callback": { path: "/v2/notification/callback", prepare: setCallback },
  "GET /subscriptions": { path: "/v2/subscriptions" },
  "PUT /subscriptions": { path: "/v2/subscriptions", body: [] },
  "DELETE /subscriptions": { path: "/v2/subscriptions" },
  "GET /subscriptions/:endpointName": {
    path: `/v2/subscriptions/${D}`,
    foreign: 404,
    prepare: subscribe,
  },
  "DELETE /subscriptions/:endpointName": { path: `/v2/subscriptions/${D}`, foreign: 404 },
  "GET /subscriptions/:endpointName/:resourcePath{.+}": {
    path: SUBSCRIPTION,
    foreign: 404,
    prepare: subscribe,
  },
  "PUT /subscriptions/:endpointName/:resourcePath{.+}": {
    path: SUBSCRIPTION,
    foreign: 404,
    prepare: openChannel,
  },
  "DELETE /subscriptions/:endpointName/:resourcePath{.+}": {
    path: SUBSCRIPTION,
    foreign: 404,
    prepare: subscribe,
  },
  "POST /api/api_tokens": { path: "/api/api_tokens", body: { name: "n" } },

  // Its successor
  "GET /v3/devices": { path: "/v3/devices/" },
  "GET /v3/devices/:endpointName": { path: `/v3/devices/${D}/`, foreign: 404 },

  // Certificates
  "POST /api/cert": { path: "/api/cert", body: CERT_BODY, status: 400, foreign: 401 },
  "POST /api/security.h": { path: "/api/security.h", body: { domain: "acme" }, foreign: 401 },
  "GET /api/ca.pem": { path: "/api/ca.pem" },

  // mDash: customers
  "GET /customer": { path: "/customer" },
  "POST /customer": { path: "/customer", body: { cconfig: { a: 1 } } },
  "GET /newcustomer": { path: "/newcustomer?app_id=acme" },
  "POST /newcustomer": {
    path: "/newcustomer",
    body: { app_id: "acme", email: "new@acme.test", password: "long enough" },
  },
  "POST /invite": { path: "/invite", body: { app_id: "acme", email: "new@acme.test" } },
  "GET /invite/:token": { path: "/invite/none" },
  "POST /invite/:token": { path: "/invite/none", body: { password: "long enough" }, status: 404 },

  // mDash: the device of a PUBLIC_KEY
  "GET /api/v2/m/device": { path: "/api/v2/m/device" },
  "POST /api/v2/m/device": {
    path: "/api/v2/m/device",
    body: { shadow: { state: { desired: { a: 1 } } } },
  },
  "GET /api/v2/m/device/rpc/:func": { path: "/api/v2/m/device/rpc/None", status: 404 },
  "POST /api/v2/m/device/rpc/:func": { path: "/api/v2/m/device/rpc/None", status: 404 },
  "GET /api/v2/m/device/data/:query": { path: "/api/v2/m/device/data/none" },
  "POST /api/v2/m/device/data/:query": { path: "/api/v2/m/device/data/none", body: {} },
  "GET /api/v2/m/device/notify": { path: "/api/v2/m/device/notify", status: 426 },

  // mDash: the devices of a domain
  "GET /api/v2/devices": { path: "/api/v2/devices" },
  "POST /api/v2/devices": { path: "/api/v2/devices", body: { id: "e" } },
  "GET /api/v2/devices/:id": { path: `/api/v2/devices/${D}`, foreign: 404 },
  "POST /api/v2/devices/:id": {
    path: `/api/v2/devices/${D}`,
    body: { shadow: { state: { desired: { a: 1 } } } },
    foreign: 404,
  },
  "DELETE /api/v2/devices/:id": { path: `/api/v2/devices/${D}`, foreign: 404 },
  "GET /api/v2/devices/:id/shadow": { path: `/api/v2/devices/${D}/shadow`, foreign: 404 },
  "POST /api/v2/devices/:id/shadow": {
    path: `/api/v2/devices/${D}/shadow`,
    body: { state: { desired: { a: 1 } } },
    foreign: 404,
  },
  "GET /api/v2/devices/:id/rpc/:func": {
    path: `/api/v2/devices/${D}/rpc/None`,
    status: 404,
    foreign: 404,
  },
  "POST /api/v2/devices/:id/rpc/:func": {
    path: `/api/v2/devices/${D}/rpc/None`,
    status: 404,
    foreign: 404,
  },
  "GET /api/v2/devices/:id/data/:query": { path: `/api/v2/devices/${D}/data/none`, foreign: 404 },
  "POST /api/v2/devices/:id/data/:query": {
    path: `/api/v2/devices/${D}/data/none`,
    body: {},
    foreign: 404,
  },
  "POST /api/v2/devices/:id/ota": { path: `/api/v2/devices/${D}/ota`, status: 501, foreign: 404 },
  "GET /api/v2/keys": { path: "/api/v2/keys" },
  "POST /api/v2/keys": { path: "/api/v2/keys", body: { name: "n" } },
  "DELETE /api/v2/keys/:id": { path: ofKey("/api/v2/keys"), foreign: 404 },
  "GET /api/v2/notify": { path: "/api/v2/notify", status: 426 },

  // Device42: tokens
  "POST /tauth/1.0/token": { path: "/tauth/1.0/token/" },
  "PUT /tauth/1.0/token/:tokenId": { path: "/tauth/1.0/token/999/", status: 404, foreign: 404 },
  "DELETE /tauth/1.0/token/:tokenId": { path: "/tauth/1.0/token/999/", status: 404, foreign: 404 },

  // Device42: the inventory
  "GET /api/2.0/devices": { path: "/api/2.0/devices/" },
  "GET /api/1.0/devices": { path: "/api/1.0/devices/" },
  "GET /api/1.0/devices/all": { path: "/api/1.0/devices/all/" },
  "GET /api/1.0/devices/id/:id": { path: ofDevice("/api/1.0/devices/id"), foreign: 404 },
  "GET /api/1.0/devices/name/:name": { path: `/api/1.0/devices/name/${D}/`, foreign: 404 },
  "GET /api/1.0/devices/serial/:serial": {
    path: "/api/1.0/devices/serial/none/",
    status: 404,
    foreign: 404,
  },
  "GET /api/1.0/devices/:id": { path: ofDevice("/api/1.0/devices"), foreign: 404 },
  "GET /api/2.0/devices/:id": { path: ofDevice("/api/2.0/devices"), foreign: 404 },
  "POST /api/2.0/devices": { path: "/api/2.0/devices/", body: { name: "e" } },
  "POST /api/1.0/devices": { path: "/api/1.0/devices/", body: { name: "e" } },
  "POST /api/1.0/device": { path: "/api/1.0/device/", body: { name: "e" } },
  "PUT /api/1.0/device": { path: "/api/1.0/device/", body: { name: D, notes: "n" }, foreign: 404 },
  "PUT /api/2.0/devices/:id": {
    path: ofDevice("/api/2.0/devices"),
    body: { notes: "n" },
    foreign: 404,
  },
  "PUT /api/1.0/devices/:id": {
    path: ofDevice("/api/1.0/devices"),
    body: { notes: "n" },
    foreign: 404,
  },
  "PUT /api/1.0/device/custom_field": {
    path: "/api/1.0/device/custom_field/",
    body: { name: D, key: "k", value: "v" },
    foreign: 404,
  },
  "PUT /api/1.0/custom_fields/device": {
    path: "/api/1.0/custom_fields/device/",
    body: { name: D, key: "k", value: "v" },
    foreign: 404,
  },
  "DELETE /api/1.0/devices/:id": { path: ofDevice("/api/1.0/devices"), foreign: 404 },
  "DELETE /api/2.0/devices/:id": { path: ofDevice("/api/2.0/devices"), foreign: 404 },
  "GET /api/1.0/ips": { path: "/api/1.0/ips/" },
  "GET /api/2.0/ips": { path: "/api/2.0/ips/" },
  "GET /api/1.0/buildings": { path: "/api/1.0/buildings/" },
  "GET /api/1.0/buildings/:id": { path: ofBuilding, foreign: 404 },
  "POST /api/1.0/buildings": { path: "/api/1.0/buildings/", body: { name: "b" } },
  "PUT /api/1.0/buildings/:id": { path: ofBuilding, body: { notes: "n" }, foreign: 404 },
  "PUT /api/1.0/custom_fields/building": {
    path: async (world) => {
      ofBuilding(world);
      return "/api/1.0/custom_fields/building/";
    },
    body: { name: "hall", key: "k", value: "v" },
    foreign: 404,
  },
  "DELETE /api/1.0/buildings/:id": { path: ofBuilding, foreign: 404 },
  "GET /api/1.0/tags": { path: "/api/1.0/tags/" },
  "GET /api/2.0/api_clients": { path: "/api/2.0/api_clients/" },
  "GET /api/2.0/api_clients/:id": { path: ofNumberedClient(), foreign: 404 },
  "GET /api/2.0/api_client_keys": { path: "/api/2.0/api_client_keys/" },
  "POST /api/2.0/api_clients": { path: "/api/2.0/api_clients/", body: {} },
  "PUT /api/2.0/api_clients/:id": { path: ofNumberedClient(), body: { ttl: 5 }, foreign: 404 },
  "POST /api/2.0/api_clients/:id/secret": { path: ofNumberedClient("secret/"), foreign: 404 },
  "DELETE /api/2.0/api_clients/:id": { path: ofNumberedClient(), foreign: 404 },
  "GET /api/1.0/endusers": { path: "/api/1.0/endusers/" },
  "GET /api/1.0/adminusers": { path: "/api/1.0/adminusers/" },

  // Administration
  "GET /admin/openapi.json": { path: "/admin/openapi.json" },
  "GET /admin/docs": { path: "/admin/docs" },
  "GET /admin/me": { path: "/admin/me" },
  "GET /admin/limits": { path: "/admin/limits" },
  "GET /admin/domains": { path: "/admin/domains" },
  "POST /admin/domains": { path: "/admin/domains", body: { name: "n" }, operatorOnly: true },
  "GET /admin/domains/:domainName": { path: "/admin/domains/acme", foreign: 404 },
  "PATCH /admin/domains/:domainName": {
    path: "/admin/domains/acme",
    body: { sharing: "shared" },
    foreign: 404,
    operatorOnly: true,
  },
  "GET /admin/audit": { path: "/admin/audit" },
  "GET /admin/users": { path: "/admin/users" },
  "POST /admin/users": { path: "/admin/users", body: { name: "n" } },
  "GET /admin/users/:userId": { path: ofReader(), foreign: 404 },
  "PATCH /admin/users/:userId": { path: ofReader(), body: { staff: false }, foreign: 404 },
  "PUT /admin/users/:userId/password": {
    path: ofReader("/password"),
    body: { password: "long enough" },
    foreign: 404,
  },
  "DELETE /admin/users/:userId": { path: ofReader(), foreign: 404 },
  "GET /admin/groups": { path: "/admin/groups" },
  "POST /admin/groups": { path: "/admin/groups", body: { name: "n", permissions: [] } },
  "GET /admin/groups/:groupId": { path: ofGroup, foreign: 404 },
  "PATCH /admin/groups/:groupId": { path: ofGroup, body: { name: "h" }, foreign: 404 },
  "DELETE /admin/groups/:groupId": { path: ofGroup, foreign: 404 },
  "GET /admin/customers": { path: "/admin/customers" },
  "POST /admin/customers": { path: "/admin/customers", body: { email: "new@acme.test" } },
  "GET /admin/customers/:customerId": { path: ofCustomer(), foreign: 404 },
  "PATCH /admin/customers/:customerId": {
    path: ofCustomer(),
    body: { active: true },
    foreign: 404,
  },
  "PUT /admin/customers/:customerId/password": {
    path: ofCustomer("/password"),
    body: { password: "long enough" },
    foreign: 404,
  },
  "GET /admin/customers/:customerId/key": { path: ofCustomer("/key"), foreign: 404 },
  "POST /admin/customers/:customerId/key": { path: ofCustomer("/key"), foreign: 404 },
  "DELETE /admin/customers/:customerId": { path: ofCustomer(), foreign: 404 },
  "GET /admin/customers/:customerId/devices": { path: ofCustomer("/devices"), foreign: 404 },
  "PUT /admin/customers/:customerId/devices/:endpointName": {
    path: ofCustomer(`/devices/${D}`),
    foreign: 404,
  },
  "DELETE /admin/customers/:customerId/devices/:endpointName": {
    path: ofCustomer(`/devices/${D}`),
    foreign: 404,
  },
  "GET /admin/devices": { path: "/admin/devices" },
  "POST /admin/devices": { path: "/admin/devices", body: { endpointName: "e" } },
  "GET /admin/devices/:endpointName": { path: `/admin/devices/${D}`, foreign: 404 },
  "PATCH /admin/devices/:endpointName": {
    path: `/admin/devices/${D}`,
    body: { domain: "rival" },
    foreign: 404,
    operatorOnly: true,
  },
  "GET /admin/devices/:endpointName/public-key": {
    path: `/admin/devices/${D}/public-key`,
    foreign: 404,
  },
  "POST /admin/devices/:endpointName/public-key": {
    path: `/admin/devices/${D}/public-key`,
    foreign: 404,
  },
  "GET /admin/devices/:endpointName/queue": { path: `/admin/devices/${D}/queue`, foreign: 404 },
  "DELETE /admin/devices/:endpointName/queue/:id": {
    path: `/admin/devices/${D}/queue/none`,
    status: 404,
    foreign: 404,
  },
  "DELETE /admin/devices/:endpointName": {
    path: `/admin/devices/${D}`,
    foreign: 404,
    prepare: closeRegistration,
  },
  "GET /admin/access-keys": { path: "/admin/access-keys" },
  "POST /admin/access-keys": { path: "/admin/access-keys", body: { name: "n" } },
  "GET /admin/access-keys/:keyId": { path: ofKey("/admin/access-keys"), foreign: 404 },
  "DELETE /admin/access-keys/:keyId": { path: ofKey("/admin/access-keys"), foreign: 404 },
  "GET /admin/api-clients": { path: "/admin/api-clients" },
  "POST /admin/api-clients": {
    path: "/admin/api-clients",
    body: { owner: "reader-acme" },
    foreign: 404,
  },
  "GET /admin/api-clients/:clientKey": { path: ofClient(), foreign: 404 },
  "PATCH /admin/api-clients/:clientKey": { path: ofClient(), body: { ttl: 5 }, foreign: 404 },
  "POST /admin/api-clients/:clientKey/secret": { path: ofClient("/secret"), foreign: 404 },
  "DELETE /admin/api-clients/:clientKey/tokens": { path: ofClient("/tokens"), foreign: 404 },
  "POST /admin/token-keys": { path: "/admin/token-keys", operatorOnly: true },
  "DELETE /admin/api-clients/:clientKey": { path: ofClient(), foreign: 404 },
  "GET /admin/certificates": { path: "/admin/certificates" },
  "DELETE /admin/certificates/:serial": { path: ofCertificate, foreign: 404 },
  "GET /admin/ca.crl": { path: "/admin/ca.crl" },
  "GET /admin/bootstrap/configurations": { path: "/admin/bootstrap/configurations" },
  "GET /admin/bootstrap/configurations/:endpointName": {
    path: `/admin/bootstrap/configurations/${D}`,
    foreign: 404,
    prepare: configure,
  },
  "PUT /admin/bootstrap/configurations/:endpointName": {
    path: `/admin/bootstrap/configurations/${D}`,
    body: BOOTSTRAP,
    foreign: 404,
  },
  "DELETE /admin/bootstrap/configurations/:endpointName": {
    path: `/admin/bootstrap/configurations/${D}`,
    foreign: 404,
    prepare: configure,
  },
  "GET /admin/bootstrap/rules": { path: "/admin/bootstrap/rules" },
  "GET /admin/bootstrap/rules/:ruleName": { path: ofRule, foreign: 404 },
  "PUT /admin/bootstrap/rules/:ruleName": {
    path: "/admin/bootstrap/rules/mine",
    body: { pattern: "*", configuration: BOOTSTRAP },
    // Each domain has its own of a name.
    foreign: 200,
  },
  "DELETE /admin/bootstrap/rules/:ruleName": { path: ofRule, foreign: 404 },
  "GET /admin/bootstrap/devices": { path: "/admin/bootstrap/devices" },
  "GET /admin/bootstrap/devices/:endpointName": {
    path: `/admin/bootstrap/devices/${D}`,
    foreign: 404,
  },
  "POST /admin/bootstrap/devices/:endpointName": {
    path: `/admin/bootstrap/devices/${D}`,
    // It is no LwM2M device.
    status: 409,
    foreign: 404,
  },

  // The face of the Leshan demo server
  "GET /api/clients": { path: "/api/clients" },
  "GET /api/clients/:endpointName": { path: `/api/clients/${D}`, foreign: 400 },
  "GET /api/objectspecs/:endpointName": { path: `/api/objectspecs/${D}`, foreign: 400 },
  "GET /api/event": { path: "/api/event" },
  "GET /api/clients/:endpointName/composite": {
    path: `/api/clients/${D}/composite`,
    status: 400,
    foreign: 400,
  },
  "PUT /api/clients/:endpointName/composite": {
    path: `/api/clients/${D}/composite`,
    status: 400,
    foreign: 400,
  },
  "POST /api/clients/:endpointName/composite/observe": {
    path: `/api/clients/${D}/composite/observe`,
    status: 400,
    foreign: 400,
  },
  "DELETE /api/clients/:endpointName/composite/observe": {
    path: `/api/clients/${D}/composite/observe?paths=/3/0/9`,
    foreign: 400,
  },
  "POST /api/clients/:endpointName/:path{.+/observe}": {
    path: `/api/clients/${D}/1/2/3/4/5/observe`,
    status: 400,
    foreign: 400,
  },
  "DELETE /api/clients/:endpointName/:path{.+/observe}": {
    path: `/api/clients/${D}/3/0/observe`,
    foreign: 400,
  },
  "GET /api/clients/:endpointName/:path{.+/discover}": {
    path: `/api/clients/${D}/x/discover`,
    status: 400,
    foreign: 400,
  },
  "PUT /api/clients/:endpointName/:path{.+/attributes}": {
    path: `/api/clients/${D}/3/0/attributes?pmin=x`,
    status: 400,
    foreign: 400,
  },
  "GET /api/clients/:endpointName/:path{.+}": {
    path: `/api/clients/${D}/x`,
    status: 400,
    foreign: 400,
  },
  "PUT /api/clients/:endpointName/:path{.+}": {
    path: `/api/clients/${D}/x`,
    status: 400,
    foreign: 400,
  },
  "POST /api/clients/:endpointName/:path{.+}": {
    path: `/api/clients/${D}/x`,
    status: 400,
    foreign: 400,
  },
  "DELETE /api/clients/:endpointName/:path{.+}": {
    path: `/api/clients/${D}/x`,
    status: 400,
    foreign: 400,
  },
  "GET /api/security/clients": { path: "/api/security/clients" },
  "PUT /api/security/clients": { path: "/api/security/clients", status: 501 },
  "DELETE /api/security/clients/:endpointName": {
    path: `/api/security/clients/${D}`,
    status: 501,
    foreign: 501,
  },
  "GET /api/bootstrap": { path: "/api/bootstrap" },
  "POST /api/bootstrap/:endpointName": {
    path: `/api/bootstrap/${D}`,
    body: LESHAN_BOOTSTRAP,
    foreign: 404,
  },
  "PUT /api/bootstrap/:endpointName": {
    path: `/api/bootstrap/${D}`,
    body: LESHAN_BOOTSTRAP,
    foreign: 404,
  },
  "DELETE /api/bootstrap/:endpointName": {
    path: `/api/bootstrap/${D}`,
    foreign: 404,
    prepare: configure,
  },
};
