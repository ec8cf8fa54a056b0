import type * as acorn from "acorn";
import { type AnyNode, childrenOf, isFunction, walk } from "../build/ast/walk.ts";

/** A piece of a program that Espruino can parse without running anything of the program. */
export interface Skeleton {
  /** Where the piece begins in the program. */
  start: number;
  text: string;
}

/**
 * A program in pieces that make Espruino's parser read every token of it. A function's body is only counted brace by brace until
 * it is called, and so is any block or object that is skipped (src/jsparse.c of 2v29, jspeBlock). So each statement comes alone
 * behind `if(0)`, which parses and does not run it, with the blocks in it emptied. What is only read when it runs, objects,
 * classes and switch, comes with nothing to call in it, and runs. It needs a function `$F` to extend.
 */
export function skeletonsOf(program: acorn.Program, code: string): Skeleton[] {
  const skeletons: Skeleton[] = [];
  const skipped = (node: AnyNode, text: string) => skeletons.push({ start: node.start, text: `if(0)${text}` });
  const value = (node: AnyNode) => skipped(node, `(${emptied(node, code)})`);
  const run = (node: AnyNode, text: string) => skeletons.push({ start: node.start, text: `(function(){${text}})()` });

  walk(program, (node, path) => {
    switch (node.type) {
      case "VariableDeclaration":
        // In a loop's head it is a part of the loop.
        if (/^For/.test(path[path.length - 1].type)) return;
        for (const one of node.declarations) skipped(one, `${node.kind} ${emptied(one, code)}`);
        return;
      case "ExpressionStatement":
        if (node.expression.type === "SequenceExpression") for (const one of node.expression.expressions) value(one);
        else skipped(node, emptied(node, code));
        return;
      case "SwitchStatement":
        value(node.discriminant);
        run(node, `switch(0){${node.cases.map(({ test }, i) => (test ? `case ${i + 1}:` : "default:")).join("")}}`);
        for (const { test } of node.cases) if (test) value(test);
        return;
      case "ObjectExpression":
        run(
          node,
          `return ${cut(
            node,
            code,
            node.properties.flatMap((one) => memberCut(one, code)),
          )}`,
        );
        for (const one of node.properties) if (one.type === "Property" && !isMethod(one)) value(one.value);
        return;
      case "ClassDeclaration":
      case "ClassExpression":
        run(node, `var A=${emptiedClass(node, code)}`);
        return;
      case "PropertyDefinition":
        if (node.value) value(node.value);
        return;
      case "TemplateLiteral":
        for (const one of node.expressions) value(one);
        return;
      case "BlockStatement":
        return;
      default:
        if (/Statement$|^FunctionDeclaration$/.test(node.type)) skipped(node, emptied(node, code));
    }
  });
  return skeletons;
}

/** A stretch of the program, and what stands there instead. */
interface Cut {
  start: number;
  end: number;
  by: string;
}

function cut(node: AnyNode, code: string, cuts: Cut[]): string {
  let text = "";
  let from = node.start;
  for (const { start, end, by } of cuts) {
    text += code.slice(from, start) + by;
    from = end;
  }
  return text + code.slice(from, node.end);
}

/** The text of a node without what Espruino would count brace by brace, or can't skip. */
function emptied(node: AnyNode, code: string): string {
  return cut(node, code, cutsIn(node));
}

const INSTEAD: { [type: string]: string } = {
  BlockStatement: "{}",
  ObjectExpression: "{}",
  SwitchStatement: ";",
  ClassDeclaration: ";",
  ClassExpression: "0",
  // Outside of a class it is an error.
  Super: "$F",
};

function cutsIn(node: AnyNode): Cut[] {
  const by = INSTEAD[node.type];
  return by === undefined ? childrenOf(node).flatMap(cutsIn) : [{ start: node.start, end: node.end, by }];
}

function emptiedClass(node: AnyNode & acorn.Class, code: string): string {
  const { superClass } = node;
  const cuts = superClass ? [{ start: superClass.start, end: superClass.end, by: "$F" }] : [];
  return cut(node, code, cuts.concat(node.body.body.flatMap((one) => memberCut(one, code))));
}

/** A member with its name, but with nothing that could do something when the object or class around it is made. */
function memberCut(member: AnyNode, code: string): Cut[] {
  if (member.type !== "Property" && member.type !== "MethodDefinition" && member.type !== "PropertyDefinition")
    return [];
  const value = member.value as AnyNode | null;
  if (value === null) return [];
  const { start, end } = value;
  if (member.type === "Property" && member.shorthand) return [{ start, end, by: `${code.slice(start, end)}:0` }];
  if (isMethod(member) && isFunction(value)) return [{ start: value.body.start, end: value.body.end, by: "{}" }];
  return [{ start, end, by: "0" }];
}

function isMethod(member: AnyNode): boolean {
  if (member.type === "Property") return member.method || member.kind !== "init";
  return member.type === "MethodDefinition";
}
