import { expect, test } from "vitest";
import { boardFaults } from "../../../../firmware/flash/board-faults.ts";

test.each([
  ["arrow function", "(function(){var f=()=>1;})();", "not ES5"],
  ["let", "let a=1;", "not ES5"],
  ["template", "var a=`b`;", "not ES5"],
  ["label", "a:for(;;){break a}", "a label"],
  ["hole", "var a=[1,,2];", "an array with a hole"],
  ["default first", "switch(1){default:f();case 1:g()}", "`default` before another case"],
  ["function first in for", "for(function(){}(),1;;){}", "a function as the first word"],
  [
    "a string first in a statement",
    'switch(t){case 1:"number"==typeof v?f():g()}',
    "begins with a string",
  ],
  ["a string first after a block", 'if(a){f()}"x"==b&&g();', "begins with a string"],
  ["of as a variable", "var of=1;", "a reserved word as a name"],
  ["a division after a keyword", "var a={in:1};f(1+a.in/4);", "a division after a property"],
  ["of as a parameter", "(function(of){})(1);", "a reserved word as a name"],
])("refused: %s", (_, code, sentence) => {
  expect(boardFaults(code)).toEqual([expect.stringContaining(sentence)]);
});

test.each([
  ["a function called above its statement", "f();function f(){}"],
  ["a function used two calls deep", "function a(){b()}a();function b(){}"],
  [
    "a class used above its definition",
    "var o=new C();var C=function(){function C(){}return C}();",
  ],
  ["a base class that is defined later", "var D=function(b){return b}(B);var B=function(){};"],
  ["a member of a table that comes later", "var a;a=T.x;var T={x:1};"],
  ["a table with no value yet", "var a,T;a=T.x;T={x:1};"],
  ["a function of a callback", "[1].map(function(){return g()});function g(){}"],
  ["inside a function that runs at load", "(function(){h();function h(){}})();"],
  ["an assignment before its var", "x=1;var x;"],
  ["a var whose statement has not run", "function f(){return v}f();var v=1;"],
])("used before it is defined: %s", (_, code) => {
  expect(boardFaults(code).join()).toMatch(/before/);
});

test.each([
  ["a function called below its statement", "function f(){}f();"],
  ["a function that a later one calls", "function a(){b()}function b(){}a();"],
  ["a function that is not called at load", "function a(){b()}var x=a;function b(){}"],
  [
    "a class and its subclass",
    "var A=function(){function A(){}return A}(),B=function(b){function B(){b.call(this)}return B}(A);new B();",
  ],
  ["a variable without a value that is tested", "var a;a||(a=1);a.b;"],
  ["a string elsewhere", 'function f(){}switch(1){case "x":f(1=="x"?"a":"b")}'],
  ["a name of the board", "print(E.toString(1));"],
  ["its own name in a function expression", "(function f(n){return n&&f(n-1)})(3);"],
  ["properties named like reserved words", "var a={of:1,static:2};a.of=a.static;"],
  ["the variable of for..in", "var r={};for(var k in r)r[k].x;"],
  ["an exception", "function f(){}try{f()}catch(e){e.message}"],
])("allowed: %s", (_, code) => {
  expect(boardFaults(code)).toEqual([]);
});

test("a fault shows the code around it", () => {
  expect(boardFaults("var x=1;f(x);function f(){}")).toEqual([
    "uses f at load before it is defined: var x=1;f(x);function f(){}",
  ]);
});
