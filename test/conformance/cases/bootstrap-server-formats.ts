/** What no published suite asks of a Bootstrap-Server: the formats that it writes in. */
import { BAD_REQUEST, UNSUPPORTED_CONTENT_FORMAT } from "../../../protocol/coap/codes.ts";
import { LWM2M_CBOR, SENML_CBOR, SENML_JSON, TLV } from "../../../protocol/coap/content-formats.ts";
import { BOOTSTRAP_FORMATS } from "../../../protocol/lwm2m/bootstrap.ts";
import { ACCOUNT } from "../bootstrap-accounts.ts";
import { formatOf, isWrite, nameOf } from "../bootstrap-bench.ts";
import { type BootstrapServerCase, bootstrapServerCase } from "../bootstrap-harness.ts";
import { formatName } from "../content.ts";
import { answered } from "../raw-clients.ts";
import {
  expectAccount,
  expectFinished,
  expectRequestTaken,
  expectSilence,
} from "./bootstrap-server-expectations.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
const SINCE_1_1 = ["1.1", "1.2"] as const;

const FORMATS = bootstrapServerCase({
  id: "dormouse-bootstrap-pct",
  title: "A client is written to in the format that it asks for",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  criteria: {
    request: "Bootstrap-Request with pct=110, 112, 11542 (1.2: 11544 too) is answered by 2.04",
    format: "each Write is in that format",
    account: "and together they hold the account",
  },
  async procedure(bench) {
    const formats = [SENML_JSON, SENML_CBOR, TLV, ...(bench.version === "1.2" ? [LWM2M_CBOR] : [])];
    await bench.givenConfigured();
    for (const format of formats) {
      bench.step(`the client asks for ${formatName(format)}`);
      await expectRequestTaken(bench, "request", [`pct=${format}`]);
      const session = await bench.follow();
      const other = session.requests.filter(isWrite).find((one) => formatOf(one) !== format);
      const words =
        other === undefined ? "" : `${nameOf(other)} is in ${formatName(formatOf(other))}`;
      bench.expect("format", other === undefined, words);
      expectAccount(bench, "account", session, ACCOUNT);
    }
  },
});

const USUAL_FORMAT = bootstrapServerCase({
  id: "dormouse-bootstrap-usual-format",
  title: "A client that asks for no format is written to in one that it has",
  versions: ALL,
  clauses: ["LwM2M Core 1.0.2 §5.2", "LwM2M Core 1.1.1 §6.1.7"],
  criteria: {
    format:
      "each Write of an object or an instance is in TLV, which every version has, or since 1.1 in a format of SenML",
    account: "and together they hold the account",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    await bench.givenBegun();
    const session = await bench.follow();
    const allowed = bench.version === "1.0" ? [TLV] : BOOTSTRAP_FORMATS;
    const other = session.requests
      .filter((one) => isWrite(one) && one.path.split("/").length < 4)
      .find((one) => !allowed.includes(formatOf(one)));
    const words =
      other === undefined ? "" : `${nameOf(other)} is in ${formatName(formatOf(other))}`;
    bench.expect("format", other === undefined, words);
    expectAccount(bench, "account", session, ACCOUNT);
  },
});

const BAD_FORMAT = bootstrapServerCase({
  id: "dormouse-bootstrap-bad-pct",
  title: "A Bootstrap-Request for a format that there is not is refused",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  criteria: {
    unsupported: "pct=50, JSON, is answered by 4.15",
    malformed: "a pct that is no number by 4.00 or 4.15",
    silent: "and nothing is asked",
    again: "the same client may ask without it",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    bench.step("the client asks for JSON");
    const other = await bench.ask(["pct=50"]);
    const isUnsupported = other?.code === UNSUPPORTED_CONTENT_FORMAT;
    bench.expect("unsupported", isUnsupported, answered("Bootstrap-Request with pct=50", other));
    bench.step("the client asks for what is no number");
    const wrong = await bench.ask(["pct=tlv"]);
    const codes = [BAD_REQUEST, UNSUPPORTED_CONTENT_FORMAT];
    const isRefused = wrong !== undefined && codes.includes(wrong.code);
    bench.expect("malformed", isRefused, answered("Bootstrap-Request with pct=tlv", wrong));
    await expectSilence(bench, "silent");
    await expectRequestTaken(bench, "again");
    await expectFinished(bench, "again", await bench.follow());
  },
});

export const BOOTSTRAP_SERVER_FORMAT_CASES: readonly BootstrapServerCase[] = [
  FORMATS,
  USUAL_FORMAT,
  BAD_FORMAT,
];
