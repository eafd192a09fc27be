import { expect, test } from "vitest";
import { permissionNamed, permissionNames } from "../../../../connector/access/permission-names.ts";

test.each([
  ["view_device", "view device"],
  ["rowmgmt.view_device", "view device"],
  ["Can view device", "view device"],
  ["view device", "view device"],
  ["add_apiclient", "add api-client"],
  ["delete_building", "delete building"],
  ["CHANGE_TAG", "change tag"],
])("%s is %s", (name, permission) => {
  expect(permissionNamed(name)).toBe(permission);
});

test.each([
  "",
  "view",
  "view_rack",
  "fly_device",
  "constructor",
  "view_device_",
])("%s is none", (name) => {
  expect(permissionNamed(name)).toBeUndefined();
});

test("each of ours has a name that leads back to it", () => {
  const permissions = ["view device", "add api-client", "change customer"] as const;
  expect(permissionNames(permissions).map(permissionNamed)).toEqual(permissions);
});
