/** ETS 1.2 group 100-199: registration over TCP. */
import { CREATED, POST } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../protocol/coap/content-formats.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
} from "../../../protocol/coap/options.ts";
import { CSM } from "../../../protocol/coap/stream-signals.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { parseRegistrationQuery } from "../../../protocol/lwm2m/registration.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { TCP_ACCOUNT } from "../accounts.ts";
import { clientCase } from "../case.ts";
import { configuredValues } from "../configurations.ts";
import { targetOf } from "../ladder.ts";
import { answerTo, cameInstead, hasCode, streamOfClient } from "../scripted-stream.ts";

export const TCP_BINDING = clientCase({
  id: "LightweightM2M-1.1-int-106",
  title: "Initial Registration using TCP Binding",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Transport 1.1.1 §6.2", "RFC 8323 §5.3", "LwM2M Core 1.1.1 §6.2.1"],
  configuration: TCP_ACCOUNT,
  begins: "off",
  needs: { features: ["tcp"] },
  criteria: {
    tcp: "the client connects to the server's port over TCP and says something",
    csm: "its first message is a CSM, as is the server's",
    register: "after it comes a POST on /rd whose payload is link format",
    endpoint: "ep, where it is sent, is the endpoint's name",
    lifetime: "lt is the value of /1/0/1",
    version: "lwm2m is the version of the enabler",
    binding: "b is T, alone or among others: without it, it would be U",
    accepted: "answered by 2.01 the client keeps its connection and does not register again",
  },
  async procedure(bench) {
    bench.step("the client is switched on, and connects over TCP");
    await bench.client.start();
    const stream = streamOfClient(bench);
    const patience = () => bench.now() + bench.pace.patience;
    const first = await stream.next(patience());
    bench.expect("tcp", first !== undefined && first !== "end", cameInstead(first));
    bench.expect("csm", hasCode(first, CSM), `${cameInstead(first)} before a CSM`);

    let came = await stream.next(patience());
    while (hasCode(came, CSM)) came = await stream.next(patience());
    const isRegister = hasCode(came, POST) && pathOf(came.options, URI_PATH) === "/rd";
    bench.expect("register", isRegister, `${cameInstead(came)}, and no POST on /rd`);
    if (!hasCode(came, POST)) return;
    const format = uintOf(came.options, CONTENT_FORMAT, -1);
    bench.expect("register", format === LINK_FORMAT, `Content-Format is ${format}, not 40`);
    const query = parseRegistrationQuery(textsOf(came.options, URI_QUERY));
    if (isMalformed(query)) {
      return bench.expect("register", false, `${targetOf(came)}: ${query.fault}`);
    }
    const { endpointName = bench.endpointName, lifetime, version, binding = "U" } = query;
    const isNamed = endpointName === bench.endpointName;
    bench.expect("endpoint", isNamed, `ep is ${endpointName}, not ${bench.endpointName}`);
    const wanted = configuredValues(bench.configuration, "/1/0/1")["/1/0/1"];
    bench.expect("lifetime", lifetime === wanted, `lt is ${lifetime}, not ${wanted}`);
    bench.expect("version", version === bench.version, `lwm2m is ${version}`);
    bench.expect("binding", /^[USNMH]*T[USNMH]*$/.test(binding), `b is ${binding}`);

    bench.step("the server answers 2.01; nothing more is to come");
    await stream.send(answerTo(came, CREATED, pathOptions(LOCATION_PATH, "/rd/5a3f")));
    const until = patience();
    for (let next = await stream.next(until); next !== undefined; next = await stream.next(until)) {
      const isFine = next !== "end" && !(next.code === POST && targetOf(next).startsWith("/rd?"));
      bench.expect("accepted", isFine, `after 2.01 ${cameInstead(next)}`);
    }
    bench.expect("accepted", true, "");
  },
});
