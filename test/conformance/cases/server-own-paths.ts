/** What no published suite asks of a server about paths and methods that are not there. */
import {
  BAD_REQUEST,
  CHANGED,
  DELETE,
  FETCH,
  GET,
  IPATCH,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { METHODS } from "../ladder.ts";
import { answered } from "../raw-clients.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { ALL, expectCode, expectKnown } from "./server-expectations.ts";

const UPDATE = "LwM2M Core 1.1.1 §6.2.2";

interface WrongRequest {
  readonly method: number;
  readonly path: (location: string) => string;
  readonly codes: readonly number[];
}

const NOT_THERE = [NOT_FOUND, METHOD_NOT_ALLOWED];
/** A method of the interface, with a path that has too much or too little. */
const MISPLACED = [...NOT_THERE, BAD_REQUEST];
const NO_METHOD = 31;

const WRONG_REQUESTS: readonly WrongRequest[] = [
  { method: DELETE, path: () => "/rd", codes: MISPLACED },
  ...[GET, PUT, FETCH, IPATCH, NO_METHOD].map(
    (method): WrongRequest => ({ method, path: () => "/rd", codes: NOT_THERE }),
  ),
  ...[GET, FETCH, IPATCH, NO_METHOD].map(
    (method): WrongRequest => ({ method, path: (location) => location, codes: NOT_THERE }),
  ),
  { method: POST, path: () => "/rd/doesnotexist", codes: [NOT_FOUND] },
  { method: DELETE, path: () => "/rd/doesnotexist", codes: [NOT_FOUND] },
  { method: POST, path: (location) => `${location}/0`, codes: MISPLACED },
  { method: DELETE, path: (location) => `${location}/0`, codes: MISPLACED },
  { method: POST, path: (location) => location.slice(0, -1), codes: [NOT_FOUND] },
  { method: GET, path: () => "/", codes: NOT_THERE },
  { method: GET, path: () => "/nonesuch", codes: [NOT_FOUND] },
  { method: POST, path: () => "/nonesuch", codes: NOT_THERE },
  { method: POST, path: () => "/RD", codes: NOT_THERE },
  { method: POST, path: () => "/.well-known/core", codes: NOT_THERE },
];

const WRONG_PATHS = serverCase({
  id: "dormouse-server-wrong-paths",
  title: "Requests that no interface of LwM2M has",
  versions: ALL,
  clauses: ["RFC 7252 §5.8", "RFC 7252 §5.9.2.5", UPDATE],
  needs: ["list"],
  criteria: {
    refused:
      "each method on each wrong path is answered by 4.04 or 4.05, or by 4.00 where the path is too long or too short for it",
    unharmed: "and who is registered stays so",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    for (const { method, path, codes } of WRONG_REQUESTS) {
      const at = path(bench.location);
      const answer = await bench.request(method, at);
      const asked = `${METHODS[method] ?? `method 0.${method}`} of ${at}`;
      expectCode(bench, "refused", answer, codes, asked);
    }
    const update = await bench.update();
    bench.expect("unharmed", update?.code === CHANGED, answered("Update", update));
    await expectKnown(bench, "unharmed", ["/1/0", "/3/0"]);
  },
});

const UNKNOWN_LOCATION = serverCase({
  id: "dormouse-server-unknown-location",
  title: "Whoever does not know a location learns nothing",
  versions: ALL,
  clauses: [UPDATE, "RFC 7252 §5.9.2"],
  needs: ["list"],
  criteria: {
    update: "Update on a location that does not exist is answered by 4.04",
    deregister: "so is De-register",
    unharmed: "and who is registered stays so",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const client = bench.addClient();
    const update = await bench.request(POST, "/rd/doesnotexist", { client });
    bench.expect("update", update?.code === NOT_FOUND, answered("Update", update));
    const removal = await bench.request(DELETE, "/rd/doesnotexist", { client });
    bench.expect("deregister", removal?.code === NOT_FOUND, answered("De-register", removal));
    const isThere = (await bench.known()) !== undefined;
    bench.expect("unharmed", isThere, "the registered client is gone");
  },
});

export const SERVER_OWN_PATH_CASES: readonly ServerCase[] = [WRONG_PATHS, UNKNOWN_LOCATION];
