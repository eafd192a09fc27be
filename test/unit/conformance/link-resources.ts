/** /.well-known/core with filters (RFC 6690 §4.1), and links that LwM2M has no use for: of several types, with sizes, to other lists. */
import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CONTENT, GET } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../protocol/coap/content-formats.ts";
import {
  attributeOf,
  decodeLinks,
  encodeLinks,
  type Link,
} from "../../../protocol/coap/link-format.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { textsOf, URI_QUERY } from "../../../protocol/coap/options.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { answerWith } from "./answers.ts";
import type { AskClient } from "./conditional-requests.ts";

const WELL_KNOWN = "/.well-known/core";
const HALL = "/hall";

const MORE = linksIn(
  `<${HALL}>;rt="temperature humidity";if="sensor.hall";sz=28;ct=40,</roof>;rt="wind";if="sensor.roof"`,
);
const OF_HALL = linksIn("</3/0/16>,</3/0/1>");

export class LinkResources {
  private readonly ask: AskClient;

  constructor(ask: AskClient) {
    this.ask = ask;
  }

  /** The list that a GET asks for; undefined for any other request. */
  async answer(request: Message, path: string): Promise<Message | undefined> {
    if (request.code !== GET || (path !== WELL_KNOWN && path !== HALL)) return undefined;
    let links = OF_HALL;
    if (path === WELL_KNOWN) {
      const own = await this.ask({ code: GET, path, options: [] });
      links = [...linksIn(decodeUtf8(own?.payload ?? new Uint8Array(0))), ...MORE];
    }
    for (const query of textsOf(request.options, URI_QUERY)) links = filtered(links, query);
    return answerWith(request, CONTENT, LINK_FORMAT, encodeUtf8(encodeLinks(links)));
  }
}

function filtered(links: readonly Link[], query: string): readonly Link[] {
  const [name, wanted = ""] = query.split("=");
  return links.filter((link) => {
    const said = name === "href" ? link.uri : attributeOf(link, name);
    if (said === undefined) return false;
    const values = name === "href" ? [said] : said.split(" ");
    return values.some((value) =>
      wanted.endsWith("*") ? value.startsWith(wanted.slice(0, -1)) : value === wanted,
    );
  });
}

function linksIn(text: string): readonly Link[] {
  const links = decodeLinks(text);
  return isMalformed(links) ? [] : links;
}
