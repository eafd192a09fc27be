/** What the features of a program cost it: its modules in groups that have the names of what they are for. */
import type { ModuleShare } from "./bundle.ts";

/** A feature and what it takes of a bundle, all about: what terser does is spread evenly. */
export interface FeatureCost {
  readonly feature: string;
  readonly bytes: number;
  readonly functions: number;
  /** Once it has loaded. */
  readonly variables: number;
}

export interface ReportedModule extends ModuleShare {
  /** Then its path is its place in the library; else it is from the current folder. */
  readonly isLibrary: boolean;
}

const PROGRAM = "your program";

/** The feature that a module belongs to is the first whose expression its place fits. */
const FEATURES: readonly (readonly [feature: string, places: RegExp])[] = [
  ["block-wise transfer", /^protocol\/coap\/(block|upload|download|request-tag)/],
  ["uploads in pieces", /^protocol\/coap\/piece|management\/package-uploads/],
  ["Q-Block", /^protocol\/coap\/q-block/],
  ["CoAP over streams and serial lines", /^protocol\/coap\/(stream|slipmux)|espruino\/serial/],
  ["CoAP", /^protocol\/(coap|bytes)\/|^protocol\/malformed/],
  ["text", /^protocol\/content\/(text|opaque|date-time)/],
  ["TLV", /^protocol\/content\/tlv/],
  ["SenML CBOR", /^protocol\/content\/senml-cbor/],
  ["SenML JSON", /^protocol\/content\/senml-json/],
  ["LwM2M CBOR", /^protocol\/content\/lwm2m-cbor/],
  ["LwM2M JSON", /^protocol\/content\/lwm2m-json/],
  ["formats", /^protocol\/content\//],
  ["bootstrap", /^firmware\/agent\/bootstrap\/|^protocol\/lwm2m\/bootstrap/],
  ["registration", /^firmware\/agent\/registration\/|^protocol\/lwm2m\/(registration|profile-id)/],
  ["composite operations", /composite/],
  ["access control", /access-control/],
  ["Create and Delete", /management\/instance-operations/],
  ["named resources", /named-resource/],
  ["device management", /^firmware\/agent\/management\/|^protocol\/lwm2m\//],
  ["attributes", /reporting\/notification-attributes|^protocol\/model\/attributes/],
  ["Send", /reporting\/(samples|send-queue)/],
  ["reporting of LwM2M 1.2", /reporting\/(reporting-|stored-|subjects)/],
  ["observing", /^firmware\/agent\/reporting\//],
  [
    "a store over reboots",
    /^firmware\/(agent\/kept|kept-loop|sleeping-loop)|(espruino|kaluma)\/store/,
  ],
  ["updates", /^firmware\/update\/|objects\/(firmware-update|software-management)/],
  ["objects", /^firmware\/objects\/|^protocol\/model\//],
  ["agent", /^firmware\/agent\//],
  ["board", /^firmware\/(boards|loop|watched-alarm|ports|flash)/],
  ["board", /^protocol\//],
];

/** The largest first; modules of which nothing is left are passed over. */
export function featureCosts(modules: readonly ReportedModule[]): FeatureCost[] {
  const costs = new Map<string, FeatureCost>();
  for (const { path, isLibrary, bytes, functions, estimatedVariables } of modules) {
    const feature = isLibrary ? featureOf(path) : PROGRAM;
    const before = costs.get(feature) ?? { feature, bytes: 0, functions: 0, variables: 0 };
    costs.set(feature, {
      feature,
      bytes: before.bytes + bytes,
      functions: before.functions + functions,
      variables: before.variables + estimatedVariables,
    });
  }
  return [...costs.values()].filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
}

/** The name of what a module, by its place in the library, is for. */
export function featureOf(place: string): string {
  return FEATURES.find(([, places]) => places.test(place))?.[0] ?? "the rest of the library";
}
