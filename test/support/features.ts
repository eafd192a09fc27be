/**
 * What LwM2M 1.0 to 1.2.2 asks of a device and of its servers, one row per rule, each with its clause. Tests say with `proves` which of
 * them they show; docs/features.md is made from both (scripts/feature-matrix.ts).
 */

/** Who a rule binds. */
export type Side = "device" | "connector" | "bootstrap-server";

export interface Feature {
  readonly title: string;
  readonly clause: string;
  /** The version that brought it. */
  readonly since: "1.0" | "1.1" | "1.2";
  readonly sides: readonly Side[];
  /** Why a side that the rule binds has nothing to show: said on the page, and the only way to have no test. */
  readonly absent: Absent;
}

type Absent = Readonly<Partial<Record<Side, string>>>;

const DEVICE: readonly Side[] = ["device"];
const CONNECTOR: readonly Side[] = ["connector"];
const BOTH: readonly Side[] = ["device", "connector"];
const BOOTSTRAP: readonly Side[] = ["device", "bootstrap-server"];
const ALL: readonly Side[] = ["device", "connector", "bootstrap-server"];

const NO_SMS = "no SMS";
const NO_OTHER_BINDING =
  "the URI of an account says its transport: /1/x/7 and /1/x/22 can say no other";

const CORE = "LwM2M Core 1.2.2 §";
const TRANSPORT = "LwM2M Transport 1.2.2 §";

type Row = readonly [
  title: string,
  clause: string,
  since: Feature["since"],
  sides: readonly Side[],
  absent?: Absent,
];

/** By group; the groups are those of the guide for readers, in their order. */
// biome-ignore format: a table
const ROWS = {
  General: {
    "only-legal-codes": ["answers with the codes that an operation lists, else with 5.xx", `${TRANSPORT}6.4`, "1.0", BOTH],
    "path-rules": ["paths that break a rule are 4.05", `${CORE}7.3`, "1.0", DEVICE],
    "requests-wait-for-registration": ["no device management before the registration is complete", `${CORE}6.2.1`, "1.0", DEVICE],
    "hidden-objects": ["/0, /21 and /23 are 4.01 for every operation", `${CORE}6.3`, "1.0", DEVICE],
    "alternate-path": ["an alternate path (`rt=\"oma.lwm2m\"`) before all paths of objects", `${TRANSPORT}6.4.1`, "1.0", BOTH],
    "preferred-transport": ["/1/x/22, else a binding common to /1/x/7 and /3/0/16", `${CORE}6.2.1.2`, "1.1", DEVICE, { device: NO_OTHER_BINDING }],
    "confirmable-requests": ["requests are Confirmable; Execute and Send may be otherwise", `${TRANSPORT}6.8.1`, "1.0", BOTH],
    "plain-device": ["a registration without `lwm2m`: a plain CoAP device, with `et` and `d`", "RFC 9176 §5", "1.0", BOTH],
    "request-tag": ["Request-Tag keeps bodies apart", "RFC 9175 §3", "1.1", BOTH],
    "echo": ["Echo shows that a request is fresh and its sender reachable", "RFC 9175 §2", "1.1", BOTH],
    "long-tokens": ["tokens of more than 8 bytes", "RFC 8974 §2", "1.2", BOTH],
    "no-response": ["No-Response", "RFC 7967 §2", "1.2", BOTH],
    "q-block": ["Q-Block transfers over lossy links", "RFC 9177 §4", "1.2", BOTH],
  },
  Registration: {
    "register": ["Register: ep, lt, lwm2m, b, the list; 2.01 with a location", `${CORE}6.2.1`, "1.0", BOTH],
    "register-list": ["the list: /1 and /3, never /0, /21, /23; an object without instances", `${CORE}6.2.1`, "1.0", BOTH],
    "register-root-link": ["the root link with the content formats", `${CORE}6.2.1`, "1.1", BOTH],
    "register-object-version": ["`ver` where an object's version is not the enabler's", `${CORE}7.2.3`, "1.1", BOTH],
    "register-bindings": ["bindings by version; queue mode inside `b` in 1.0, `Q` beside it later", `${CORE}6.2.1.2`, "1.0", BOTH],
    "register-refused": ["4.00 without name or with nonsense, 4.12 for another version", `${CORE}6.2.1`, "1.0", CONNECTOR],
    "register-name": ["`ep` may be missing where the security layer gives the name, and be no other", `${CORE}6.2.1`, "1.1", CONNECTOR],
    "unknown-parameters": ["unknown parameters are passed over, or refused where settings are strict", `${CORE}6.2.1`, "1.0", CONNECTOR],
    "location": ["the location is said again as it was given", `${CORE}6.2.1`, "1.0", DEVICE],
    "register-full": ["5.03 with Max-Age when there is no room", "RFC 7252 §5.10.5", "1.0", BOTH],
    "update": ["Update says what changed; without parameters it only keeps alive", `${CORE}6.2.2`, "1.0", BOTH],
    "update-in-time": ["Update well before the lifetime is over", `${CORE}6.2.2`, "1.0", DEVICE],
    "update-not-found": ["4.04 to an Update, then a full Register", `${CORE}6.2.2`, "1.0", BOTH],
    "de-register": ["De-register", `${CORE}6.2.3`, "1.0", BOTH],
    "lifetime-over": ["the registration ends with its lifetime", `${CORE}6.2.1`, "1.0", CONNECTOR],
    "lifetime-written": ["a Write of /1/x/1 is followed by an Update with lt", `${CORE}E.2`, "1.0", DEVICE],
    "lifetime-endless": ["lifetime 0 never ends", `${CORE}E.2`, "1.2", BOTH],
    "disable": ["/1/x/4 with /1/x/5: away for so long, then back", `${CORE}E.2`, "1.0", DEVICE],
    "update-trigger": ["/1/x/8, with the binding that is to be used", `${CORE}E.2`, "1.0", DEVICE],
    "sms-trigger": ["/1/x/21: triggers by SMS without an answer", `${CORE}E.2`, "1.1", BOTH, { device: NO_SMS, connector: NO_SMS }],
    "bootstrap-trigger": ["/1/x/9", `${CORE}E.2`, "1.1", DEVICE],
    "priority-order": ["/1/x/13: which server first", `${CORE}6.2.1.1`, "1.1", DEVICE],
    "initial-delay": ["/1/x/14: how long to wait first", `${CORE}6.2.1.1`, "1.1", DEVICE],
    "failure-block": ["/1/x/15: a failure keeps the next servers waiting", `${CORE}6.2.1.1`, "1.1", DEVICE],
    "bootstrap-on-failure": ["/1/x/16: bootstrap when all has failed", `${CORE}6.2.1.1`, "1.1", DEVICE],
    "retry-sequences": ["/1/x/17 to 20: attempts and sequences of attempts", `${CORE}6.2.1.1`, "1.1", DEVICE],
    "version-step-down": ["4.12, then Register with an older version", `${CORE}5.1`, "1.1", DEVICE],
    "several-servers": ["several servers at once", `${CORE}6.2.1`, "1.0", DEVICE],
    "address-change": ["another address: Register again; observations follow", `${CORE}6.2.2`, "1.0", BOTH],
    "spread": ["a fleet that gets power at once does not register at once", `${CORE}6.2.1.1`, "1.1", DEVICE],
    "profile-id": ["`pid` instead of the list or beside it; 4.09 when it says nothing", `${CORE}6.2.1`, "1.2", BOTH],
  },
  "Queue mode": {
    "queue-window": ["the device listens for MAX_TRANSMIT_WAIT after its last message", `${TRANSPORT}6.5`, "1.0", BOTH],
    "queue-wake": ["it wakes with an Update before the lifetime is over", `${TRANSPORT}6.5`, "1.0", DEVICE],
    "queue-one-wake-up": ["one wake-up for all that is due", `${TRANSPORT}6.5`, "1.0", DEVICE],
    "queue-held": ["requests wait until it is awake, then go one at a time", `${TRANSPORT}6.5`, "1.0", CONNECTOR],
    "queue-outcome": ["each request ends in exactly one outcome that is told", `${TRANSPORT}6.5`, "1.0", CONNECTOR],
    "queue-priority-expiry-merge": ["priority, expiry, writes that a later one replaces", `${TRANSPORT}6.5`, "1.0", CONNECTOR],
    "queue-persisted": ["what waits survives a restart", `${TRANSPORT}6.5`, "1.0", CONNECTOR],
    "energy-account": ["radio-on seconds are counted", `${TRANSPORT}6.5`, "1.0", DEVICE],
    "kept-over-reboot": ["registration, observations and attributes survive a reboot", `${CORE}6.2.1`, "1.0", DEVICE],
  },
  Bootstrap: {
    "bootstrap-order": ["factory, registered servers, client-initiated after the hold-off", `${CORE}6.1.3`, "1.0", DEVICE],
    "bootstrap-request": ["Bootstrap-Request with `ep` and `pct`", `${CORE}6.1.7.1`, "1.0", BOOTSTRAP],
    "bootstrap-finish": ["Bootstrap-Finish; 4.06 for what is inconsistent", `${CORE}6.1.7.2`, "1.0", BOOTSTRAP],
    "bootstrap-discover": ["Bootstrap-Discover", `${CORE}6.1.7.3`, "1.0", BOOTSTRAP],
    "bootstrap-read": ["Bootstrap-Read of /1 and /2", `${CORE}6.1.7.4`, "1.1", BOOTSTRAP],
    "bootstrap-write": ["Bootstrap-Write of objects, instances and resources", `${CORE}6.1.7.5`, "1.0", BOOTSTRAP],
    "bootstrap-delete": ["Bootstrap-Delete, which spares the account of the bootstrap server and /3", `${CORE}6.1.7.6`, "1.0", BOOTSTRAP],
    "bootstrap-pack": ["Bootstrap-Pack, and back to Bootstrap-Request where it fails", `${CORE}6.1.7.7`, "1.2", BOOTSTRAP],
    "bootstrap-timeout": ["a bootstrap without Finish fails after EXCHANGE_LIFETIME", `${CORE}6.1.6`, "1.1", BOOTSTRAP],
    "bootstrap-account-timeout": ["/0/x/12: the bootstrap account goes", `${CORE}E.1`, "1.1", DEVICE],
    "bootstrap-server-initiated": ["server-initiated bootstrap", `${CORE}6.1.3.4`, "1.0", BOOTSTRAP],
    "bootstrap-cascade": ["an account that goes takes along what belongs to it", `${CORE}6.1.7.6`, "1.1", DEVICE],
  },
  "Device management": {
    "read": ["Read at every level", `${CORE}6.3.1`, "1.0", BOTH],
    "read-unreadable": ["what cannot be read is left out above, and 4.05 by itself", `${CORE}6.3.1`, "1.0", DEVICE],
    "read-any-format": ["without Accept the device chooses the format", `${CORE}7.5`, "1.0", BOTH],
    "discover": ["Discover, with `dim` and the attributes of the server that asks", `${CORE}6.3.2`, "1.0", BOTH],
    "discover-depth": ["Discover with `depth`", `${CORE}6.3.2`, "1.2", BOTH],
    "write-replace": ["Write that replaces: instance, resource, resource instance", `${CORE}6.3.3`, "1.0", BOTH],
    "write-partial": ["Write in part", `${CORE}6.3.3`, "1.0", BOTH],
    "write-atomic": ["all of a Write or nothing; read-only is 4.05", `${CORE}6.3.3`, "1.0", DEVICE],
    "write-attributes": ["Write-Attributes, nothing of an inconsistent set", `${CORE}6.4.2`, "1.0", BOTH],
    "execute": ["Execute with arguments", `${CORE}6.3.5`, "1.0", BOTH],
    "create": ["Create with and without an id", `${CORE}6.3.6`, "1.0", BOTH],
    "delete": ["Delete of an instance; /3/0 stays", `${CORE}6.3.7`, "1.0", BOTH],
    "delete-resource-instance": ["Delete of a resource instance", `${CORE}6.3.7`, "1.1", BOTH],
    "read-composite": ["Read-Composite", `${CORE}6.3.8`, "1.1", BOTH],
    "write-composite": ["Write-Composite, all or nothing", `${CORE}6.3.9`, "1.1", BOTH],
    "senml-etch": ["SenML-ETCH removes resource instances", `${CORE}6.3.9`, "1.2", BOTH],
    "block-wise": ["bodies in blocks both ways", "RFC 7959 §2", "1.0", BOTH],
    "access-control": ["access control with /2", `${CORE}8.2`, "1.0", DEVICE],
    "access-control-ownership": ["who creates an instance owns it", `${CORE}8.2.1`, "1.0", DEVICE],
    "gateway": ["devices behind a gateway, by prefix", "LwM2M Gateway 1.1.1", "1.2", BOTH],
  },
  Attributes: {
    "pmin-pmax": ["pmin and pmax to the tick; defaults /1/x/2 and /1/x/3", `${CORE}7.3.2`, "1.0", DEVICE],
    "gt-lt-st": ["gt, lt and st", `${CORE}7.3.2`, "1.0", DEVICE],
    "epmin-epmax": ["epmin and epmax: when a value is looked at", `${CORE}7.3.2`, "1.1", DEVICE],
    "edge": ["edge of booleans", `${CORE}7.3.2`, "1.2", DEVICE],
    "con": ["con: Confirmable notifications", `${CORE}7.3.2`, "1.2", DEVICE],
    "hqmax": ["hqmax: values that are stored in between", `${CORE}7.3.2`, "1.2", DEVICE],
    "attribute-precedence": ["the closest attribute holds; those below the observed level do not", `${CORE}7.3.2`, "1.0", DEVICE],
    "observe-parameters": ["attributes as parameters of an Observe", `${CORE}6.4.1`, "1.2", BOTH],
    "attributes-per-server": ["attributes are a server's own", `${CORE}7.3.2`, "1.0", DEVICE],
  },
  Reporting: {
    "observe": ["Observe and Notify", `${CORE}6.4.1`, "1.0", BOTH],
    "cancel": ["Cancel by Observe=1, and by Reset of CON and NON alike", `${CORE}6.4.3`, "1.0", BOTH],
    "observations-end": ["observations end with the registration", `${CORE}6.4.3`, "1.0", BOTH],
    "error-notification": ["an error ends the observation", "RFC 7641 §4.2", "1.0", BOTH],
    "liveness": ["a Confirmable notification every 24 hours", "RFC 7641 §4.5", "1.0", DEVICE],
    "freshness": ["old notifications are recognised", "RFC 7641 §3.4", "1.0", CONNECTOR],
    "observe-composite": ["Observe-Composite and its cancellation", `${CORE}6.4.4`, "1.1", BOTH],
    "send": ["Send", `${CORE}6.4.6`, "1.1", BOTH],
    "send-history": ["Send of several values with their times", `${CORE}6.4.6`, "1.1", BOTH],
    "mute-send": ["/1/x/23: Mute Send", `${CORE}6.4.6`, "1.1", DEVICE],
    "stored-notifications": ["/1/x/6: notifications wait while the server cannot be reached", `${CORE}E.2`, "1.0", DEVICE],
    "notification-mode": ["/1/x/26: Confirmable or not by default", `${CORE}E.2`, "1.2", DEVICE],
    "observations-follow": ["observations follow a device that registers anew, and outlive a restart", `${CORE}6.4.3`, "1.0", CONNECTOR],
  },
  Formats: {
    "text": ["plain text", `${CORE}7.5.1`, "1.0", BOTH],
    "opaque": ["opaque", `${CORE}7.5.2`, "1.0", BOTH],
    "tlv": ["TLV", `${CORE}7.5.4`, "1.0", BOTH],
    "cbor": ["CBOR of one value", `${CORE}7.5.3`, "1.1", BOTH],
    "senml-json": ["SenML JSON", `${CORE}7.5.5`, "1.1", BOTH],
    "senml-cbor": ["SenML CBOR", `${CORE}7.5.6`, "1.1", BOTH],
    "senml-labels": ["unknown labels of SenML are passed over, those that end in `_` refused", "RFC 8428 §4.4", "1.1", BOTH],
    "lwm2m-json": ["LwM2M JSON: written in 1.0 only, always read", `${CORE}7.5`, "1.0", BOTH],
    "lwm2m-cbor": ["LwM2M CBOR", `${CORE}7.5.7`, "1.2", BOTH],
    "data-types": ["every data type in every format; integers of 64 bits to the last digit", `${CORE}C`, "1.0", BOTH],
    "formats-by-registration": ["each device in a format that its registration allows", `${CORE}7.5`, "1.0", CONNECTOR],
  },
  "Firmware and software": {
    "firmware-push": ["push of a package, block by block", `${CORE}E.6`, "1.0", DEVICE],
    "firmware-pull": ["pull over coap and http(s)", `${CORE}E.6`, "1.0", DEVICE],
    "firmware-results": ["every state and result", `${CORE}E.6.1`, "1.0", DEVICE],
    "firmware-cancel-defer": ["cancel, severity, defer", `${CORE}E.6.2`, "1.1", DEVICE],
    "firmware-automatic": ["/5/0/14: installed as soon as it is there", `${CORE}E.6`, "1.2", DEVICE],
    "firmware-resume": ["a download goes on after a break", `${CORE}E.6`, "1.0", DEVICE],
    "software-management": ["Software Management /9", "LwM2M Software Management 1.0", "1.0", DEVICE],
  },
  TCP: {
    "tcp-binding": ["CoAP over TCP, binding `T`: registration, operations, observations", `${TRANSPORT}6.2`, "1.1", BOTH],
    "tcp-csm": ["both ends say first what they take, and are taken at their word", "RFC 8323 §5.3", "1.1", BOTH],
    "tcp-signals": ["Ping with custody, Release, Abort", "RFC 8323 §5.4", "1.1", BOTH],
    "tcp-bert": ["BERT: blocks of many times 1024 bytes", "RFC 8323 §6", "1.1", BOTH],
    "tcp-observations-end": ["observations end with their connection; the device registers anew and is observed anew", "RFC 8323 §7.4", "1.1", BOTH],
    "tcp-reconnect": ["a connection that breaks is made again, each time after a longer wait within which a moment is random", "RFC 8323 §3.4", "1.1", DEVICE],
    "tcp-queue": ["queue mode: nothing is said over the connection to a device that sleeps", `${TRANSPORT}6.5`, "1.1", BOTH],
    "tcp-bounds": ["messages, connections and what waits on them are bounded", "RFC 8323 §11", "1.1", BOTH],
  },
  "Constants and objects": {
    "transmission-parameters": ["ACK_TIMEOUT and the others of CoAP, settable", "RFC 7252 §4.8", "1.0", BOTH],
    "nstart": ["NSTART 1", "RFC 7252 §4.7", "1.0", BOTH],
    "object-behaviour": ["objects do what their definitions say: 4, 6, 7", `${CORE}E`, "1.0", DEVICE],
    "object-shapes": ["the resources of each object and version, as data", `${CORE}E`, "1.0", BOTH],
    "deduplication": ["a repeated message is answered again, and done once", "RFC 7252 §4.5", "1.0", ALL],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Row>>>>;

type Groups = typeof ROWS;
export type FeatureId = {
  [Group in keyof Groups]: keyof Groups[Group];
}[keyof Groups];

/** Groups with their features, in the order of the page. */
export const FEATURES: ReadonlyMap<string, ReadonlyMap<string, Feature>> = new Map(
  Object.entries(ROWS).map(([group, rows]) => [
    group,
    new Map(
      Object.entries(rows as Readonly<Record<string, Row>>).map(
        ([id, [title, clause, since, sides, absent = {}]]) => [
          id,
          { title, clause, since, sides, absent },
        ],
      ),
    ),
  ]),
);
