import { expect, test } from "vitest";
import { flattenClasses } from "../../../../firmware/flash/flatten-classes.ts";

const CLASS = `
var Body = (function () {
  function Body2(limit) { this.limit = limit; }
  Body2.prototype.room = function () { return this.limit - Body2.RESERVE; };
  Object.defineProperty(Body2.prototype, "isFull", { get: function () { return this.limit === 0; } });
  Body2.RESERVE = 2;
  return Body2;
})();`;

test("a class loses the function around it and works as before", () => {
  const flat = flattenClasses(`var before = 1;${CLASS}\nvar after = 2;`);
  expect(flat).not.toContain("return Body2;");
  const run = new Function(
    `${flat}; var it = new Body(5); return [before, it.room(), it.isFull, after];`,
  );
  expect(run()).toEqual([1, 3, false, 2]);
});

test("a class that extends another stays, since its base is the parameter of that function", () => {
  const code = "var B = (function (_super) { function B2() {} return B2; })(A);";
  expect(flattenClasses(code)).toBe(code);
});

test("a function that does more than define a class stays", () => {
  const code = "var B = (function () { var count = 0; function B2() { count++; } return B2; })();";
  expect(flattenClasses(code)).toBe(code);
});
