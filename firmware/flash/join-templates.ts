/**
 * Templates as sums: `</${id}>` becomes "</" + id + ">". TypeScript's own ES5 form, "</".concat(id, ">"), is longer and calls a method;
 * it differs only for objects that convert to text and to a number differently, which portable code does not put into templates.
 */
import ts from "typescript";

export const joinTemplates: ts.TransformerFactory<ts.SourceFile> = (context) => {
  const { factory } = context;
  const visit = (node: ts.Node): ts.Node => {
    const visited = ts.visitEachChild(node, visit, context);
    if (!ts.isTemplateExpression(visited)) return visited;
    // Begins with a text, so that every "+" joins texts.
    let sum: ts.Expression = factory.createStringLiteral(visited.head.text);
    for (const { expression, literal } of visited.templateSpans) {
      sum = factory.createAdd(sum, factory.createParenthesizedExpression(expression));
      if (literal.text !== "")
        sum = factory.createAdd(sum, factory.createStringLiteral(literal.text));
    }
    return factory.createParenthesizedExpression(sum);
  };
  return (file) => ts.visitEachChild(file, visit, context);
};
