/** The resources that our CoAP endpoint serves to foreign clients in the suites. */

import type { Response } from "../../../protocol/coap/coap-endpoint.ts";
import {
  CHANGED,
  CONTENT,
  CREATED,
  DELETED,
  FETCH,
  GET,
  IPATCH,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  PATCH,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import {
  CONTENT_FORMAT,
  OBSERVE,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import type { Asked, Observer } from "./coap-socket.ts";

/** Longer than the endpoint waits before an empty ACK, so that the response is a separate one. */
const SLOW_MS = 1_500;
const TICK_MS = 100;
const OBSERVED = "/ticks";

export class Resources {
  readonly stored = new Map<string, Uint8Array>();
  /** Paths of the requests, in order, as `PUT /store`. */
  readonly asked: string[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  private observer: Observer | undefined;
  private ticks = 0;

  readonly serve = (asked: Asked): void => {
    const { request } = asked;
    const path = pathOf(request.options, URI_PATH);
    this.asked.push(`${METHODS[request.code]} ${path}`);
    if (request.code === GET && path === OBSERVED) this.observe(asked);
    else if (request.code === GET && path === "/slow") {
      this.timers.push(setTimeout(() => asked.answer(content("late")), SLOW_MS));
    } else if (request.code === FETCH || (request.code === POST && path === "/reverse")) {
      const code = request.code === FETCH ? CONTENT : CHANGED;
      asked.answer(response(code, Uint8Array.from(request.payload).reverse()));
    } else asked.answer(this.storage(request.code, path, request.payload));
  };

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private storage(code: number, path: string, payload: Uint8Array): Response {
    const known = this.stored.get(path);
    if (code === PUT || code === PATCH || code === IPATCH) {
      this.stored.set(path, Uint8Array.from(payload));
      return response(known === undefined ? CREATED : CHANGED);
    }
    if (known === undefined) return response(NOT_FOUND);
    if (code === GET) return response(CONTENT, known);
    if (code !== 4) return response(METHOD_NOT_ALLOWED);
    this.stored.delete(path);
    return response(DELETED);
  }

  private observe({ request, observer, answer }: Asked): void {
    const wanted = uintOf(request.options, OBSERVE, -1);
    if (wanted === 1) this.observer = undefined;
    if (wanted !== 0) {
      answer(content(String(this.ticks)));
      return;
    }
    const first = this.observer === undefined;
    this.observer = observer;
    answer(this.notification());
    if (first) this.tick();
  }

  /** Every fifth notification is Confirmable, so that a client that is gone is noticed (RFC 7641 §4.5). */
  private tick(): void {
    this.timers.push(
      setTimeout(() => {
        if (this.observer === undefined) return;
        this.ticks++;
        this.observer.notify(this.notification(), this.ticks % 5 === 0);
        this.tick();
      }, TICK_MS),
    );
  }

  isObserved(): boolean {
    return this.observer !== undefined;
  }

  private notification(): Response {
    const answer = content(String(this.ticks));
    return { ...answer, options: [uintOption(OBSERVE, this.ticks + 2), ...answer.options] };
  }
}

const METHODS = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"];

function content(text: string): Response {
  const options = [uintOption(CONTENT_FORMAT, TEXT)];
  return { code: CONTENT, options, payload: new TextEncoder().encode(text) };
}

function response(code: number, payload: Uint8Array = new Uint8Array(0)): Response {
  return { code, options: [], payload };
}
