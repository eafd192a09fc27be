/** The style sheet of the HTML report: light or dark as the reader's system is, and fit to be printed. */
export const HTML_STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--paper:#fff;--line:#d6dbe2;--soft:#f3f5f8;
--pass:#2b7a3d;--fail:#b3322b;--inconclusive:#9a6b00;--not-run:#5b6b82;--not-applicable:#9aa4b2}
@media(prefers-color-scheme:dark){:root{--ink:#dde3ec;--paper:#151a21;--line:#313a47;--soft:#1d242e;
--pass:#58b36c;--fail:#e5736b;--inconclusive:#d9a53a;--not-run:#8fa1bb;--not-applicable:#66717f}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:2rem 1.25rem;color:var(--ink);background:var(--paper);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0 0 .25rem}
h2{font-size:1.15rem;margin:2.25rem 0 .5rem}
h2 small{font-weight:400;opacity:.7}
header p{margin:.1rem 0}
.remark{white-space:pre-line;border-left:3px solid var(--line);padding-left:.75rem;margin-top:.75rem}
.overview{margin:1.5rem 0 .5rem}
.bar{display:flex;height:1.1rem;border-radius:.3rem;overflow:hidden;background:var(--soft)}
.bar span{display:block}
.bar .pass{background:var(--pass)}.bar .fail{background:var(--fail)}
.bar .inconclusive{background:var(--inconclusive)}.bar .not-run{background:var(--not-run)}
.bar .not-applicable{background:var(--not-applicable)}
.overview ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;padding:0;margin:.6rem 0}
.overview b{font-size:1.3rem}
.overview li.pass b{color:var(--pass)}.overview li.fail b{color:var(--fail)}
.overview li.inconclusive b{color:var(--inconclusive)}
.filters{border:1px solid var(--line);border-radius:.4rem;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;
margin:1rem 0;padding:.4rem .9rem .6rem}
details{border:1px solid var(--line);border-left:.35rem solid var(--not-run);border-radius:.4rem;margin:.4rem 0;
padding:.35rem .9rem}
details.pass{border-left-color:var(--pass)}details.fail{border-left-color:var(--fail)}
details.inconclusive{border-left-color:var(--inconclusive)}
details.not-applicable{border-left-color:var(--not-applicable)}
summary{cursor:pointer}
.verdict{display:inline-block;min-width:8.5rem;font-weight:600}
details.pass .verdict{color:var(--pass)}details.fail .verdict{color:var(--fail)}
details.inconclusive .verdict{color:var(--inconclusive)}
code{font:.85em ui-monospace,monospace}
.why{margin:.6rem 0 .2rem}
.clauses{margin:.2rem 0;opacity:.75;font-size:.9rem}
.criteria{margin:.5rem 0;padding-left:1.25rem;font-size:.95rem}
.criteria .failed{color:var(--fail);font-weight:600}
pre{background:var(--soft);border-radius:.4rem;padding:.7rem;overflow-x:auto;font:12.5px/1.45 ui-monospace,monospace}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.5rem;opacity:.7}
body:not(:has(#show-pass:checked)) details.pass,
body:not(:has(#show-fail:checked)) details.fail,
body:not(:has(#show-inconclusive:checked)) details.inconclusive,
body:not(:has(#show-not-run:checked)) details.not-run,
body:not(:has(#show-not-applicable:checked)) details.not-applicable{display:none}
@media print{.filters{display:none}details{break-inside:avoid}}
`;
