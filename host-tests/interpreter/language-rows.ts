/** Rows of the dialect's test: regular expressions, classes, the order of evaluation. `code` as in `Construct`. */

interface Row {
  name: string;
  code: string;
}

/** An expression, named by itself. */
const expression = (text: string): Row => ({ name: text, code: `answer=${text}` });

/** The body of a function that is called at once. */
const body = (name: string, text: string): Row => ({ name, code: `answer=(function(){${text}})()` });

const REFUSED_REGEX = [
  '/^a?b$/.test("b")',
  '/(a|b)c/.test("ax")',
  '/(a|b)/.exec("a")[1]',
  '/^(a|b)$/.test("ab")',
  '/^a|b/.test("xb")',
  '/x(a)|b(c)/.exec("bc")[2]',
  '/(a)|b/.exec("b")[1]',
  '/x[|]y/.test("]y")',
  '/[.-9]/.test("5")',
  '/[,-.]/.test("x")',
  '/[[]/.test("[")',
  '/[a-a]/.test("a")',
  '/[\\x00-\\xff]/.test("a")',
  '/[Z-a]/i.test("Z")',
  '/[A-z]/i.test("_")',
  'new RegExp("a?b").test("b")',
  'RegExp("^(a|b)$").test("ab")',
  'new RegExp("a.+").test("a")',
  '"a1".replace(/1/,"$$")',
  '"a1".replace(/1/,"2$")',
  '"a".replace("a","$&$&")',
  '"ab".replaceAll("a","$&$&")',
  '!"ab".match(/\\d/g)',
  '"ab".match(/\\d/g)?1:2',
  '"a-c".match("a.c")[0]',
];

/** What the build refuses goes wrong. */
export const REFUSED_ROWS: Row[] = [
  ...REFUSED_REGEX.map(expression),
  body("a quoted getter", 'var o={get "a"(){return 3}};return o.a'),
  body("a getter with a number", "var o={get 1(){return 3}};return o[1]"),
  body("a setter called if", "var o={set if(v){this.a=v}};o.if=3;return o.a"),
  body("a class's getter called if", "class A{get if(){return 1}} return new A().if"),
  body("a class field without a value", "class A{x;} return new A().x===undefined"),
  body("a class field that counts", "var k=0;class A{a=++k} new A();new A();return k"),
  body("a class field that reads this", "class A{a=1;b=this.a+1} return new A().b"),
  body("a method called by a number", "class A{5(){return 2}} return new A()[5]()"),
  body("super in an object literal", "var o={__proto__:{m(){return 1}},m(){return super.m()+1}};return o.m()"),
  body(
    "a getter by super over three generations",
    "class A{get x(){return 1}} class B extends A{get x(){return super.x+1}} class C extends B{} return new C().x",
  ),
  body("an inherited static value", "class A{static x=1} class B extends A{} return B.x===1"),
  body("an inherited static of an assignment", "class A{} A.x=1; class B extends A{} return B.x===1"),
  body(
    "a static inherited over two generations",
    "class A{static m(){return 1}} class B extends A{} class C extends B{} return C.m()",
  ),
  body(
    "an inherited static by this",
    "class A{static k(){return 1}} class B extends A{static m(){return [1].map(()=>this.k())[0]}} return B.m()",
  ),
  body("extends a call", "function f(){return class{}} class A extends f(){} return typeof A"),
  body("a class in an arrow function's body", "var f=()=>class{m(){return 2}};return new (f())().m()"),
  body("a class without braces behind if", "var A;if(0)A=class{m(){return 1}};return 3"),
  body("a class without braces behind else", "var A;if(1){}else A=class{m(){return 1}};return 3"),
  body("a class in a case", "switch(1){case 2: class A{m(){return 2}} return 5; default: return 6}"),
  body("a class in a loop without braces", "var n=3;while(n<2)n+=new (class{m(){return 1}})().m();return n"),
  body("a count in a case", "var n=0;switch(1){case ++n:break;case ++n:break} return n"),
  body("a getter behind void", "var n=0;var o={get x(){n++;return 1}};void o.x;return n"),
  body("a getter before a comma", "var n=0;var o={get x(){n++;return 1}};o.x,1;return n"),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code for the interpreter
  body("a brace in a template in a template", "function f(){return `${`}`}`} return f()"),
  body("an escaped beginning in a template", "return `a\\${b`"),
];

const ALLOWED_REGEX = [
  '/a|b/.test("xb")',
  '/ab|cd|ef/.exec("xxef")[0]',
  '/a|^b/.test("xb")',
  '/^a$|^b$/.test("bc")',
  '/[|]x/.test("|x")',
  '/x[\\|]y/.test("]y")',
  '/x[\\|]y/.test("x|y")',
  '/a\\|b/.test("a|b")',
  '/[\\[]/.test("[")',
  '/[\\]]/.test("]")',
  '/[+.-]/.test("x")',
  '/[-+.\\d]/.test("-")',
  '/[\\d-x]/.test("-")',
  '/[A-F]/i.exec("xbC")[0]',
  '/^\\d+$/.test("")',
  '/^\\d+:\\d+$/.exec("12:34")[0]',
  '/(\\w+)=(\\d+)/.exec("x=10")[2]',
  '/a\\?b/.test("a?b")',
  '/[?]/.test("?")',
  'new RegExp("[/]").test("/")',
  'new RegExp("^\\\\d+$").test("12")',
  '/abc$/i.test("ABC")',
  '"abab".replace(/b$/g,"x")',
  '"a1b2".replace(/(\\d)/g,"<$1>")',
  '"cost: 5$".replace(/5/,"6$ ")',
  '"a1".replace("1","2$")',
  '"a1b2".match(/\\d/g).length',
  '"ab".match(/\\d/)===null',
  '"abc".match("b")[0]',
  '" a  b ".split(/\\s+/).length',
];

/** What the build accepts works. */
export const ALLOWED_ROWS: Row[] = [
  ...ALLOWED_REGEX.map(expression),
  body(
    "keywords as names in an object",
    "var o={delete(){return 1},of:2,in:3,'if'(){return 4}};return o.delete()+o.of+o.in+o.if()",
  ),
  body("members called get and set", "var o={get(){return 3},set:4};return o.get()+o.set"),
  body("a getter called get", "return {get get(){return 3}}.get"),
  body(
    "class members called async and await",
    "class A{async(){return 1} await(){return 2}} return new A().async()+new A().await()",
  ),
  body(
    "constructors over three generations",
    "class A{constructor(){this.a=1}} class B extends A{} class C extends B{constructor(){super();this.c=3}} return new C().a+new C().c",
  ),
  body(
    "a class's own static",
    "class A{static m(){return 1}} class B extends A{static m(){return A.m()+1}} return B.m()",
  ),
  body("its own static by this", "class A{static k(){return 1} static m(){return this.k()}} return A.m()"),
  body("a class in a block that is skipped", "var A;if(0){A=class{m(){return 1}}} return 3"),
  body("a class behind a return", "function f(a){if(a)return 1;class A{m(){return 2}} return new A().m()} return f(1)"),
  body(
    "a class in an array and in an object",
    "return [class{m(){return 1}}].length+Object.keys({A:class{m(){return 1}}}).length",
  ),
  body("constants after case", "var a=0;switch(1+1){case 1:a=1;break;case 1+1:a=2;break;default:a=3} return a"),
  body("a getter that is used", "var n=0;var o={get x(){n++;return 1}};var a=o.x;return n+o.x"),
  body("a member as a statement", "var o={x:1};o.x;return o.x"),
  body("a throwing getter that nobody stringifies, in a method", "var o={m(){throw 'e'}};try{o.m()}catch(e){return e}"),
  body("division behind names, brackets and values", "var a=[4],o={b:4};return a[0]/2+o.b/2+(a[0])/2+null/2+true/2"),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code for the interpreter
  body("templates with objects and templates", "return `${{a:1}.a}{}${[1,2].map(x=>`<${x}>`).join('')}$${1}`"),
];

/** What the build writes in another way is wrong as it stands, and right then. */
export const MENDED_ROWS: Row[] = [
  ...[
    '/[/]/.test("/")',
    '/[^/]+$/.exec("a/b")[0]',
    '/^\\d+5$/.test("5")',
    '/^[^,]+$/.test("")',
    '/a.+/.test("a")',
    '/a.+b/.test("ab")',
    '/a[bc]+c/.test("ac")',
    '/^(\\D+)$/.test("")',
    '/a\\S+/.test("a")',
  ].map(expression),
  body(
    "methods called by each keyword",
    `${keywordClass()} return Object.keys(names).map(function(k){return new A()[k]()}).join()`,
  ),
  body("a static method called if", "class A{static if(){return this===A}} return A.if()"),
  body("a quoted method", 'class A{"a b"(){return 1}} return new A()["a b"]()'),
  body(
    "a method called delete of a class expression",
    "var A=class{delete(x){return this.k+x}};var a=new A();a.k=1;return a.delete(2)",
  ),
  body(
    "a method called in that calls super",
    "class A{m(){return 1}} class B extends A{in(){return super.m()}} return new B().in()",
  ),
  body(
    "super over three generations",
    "class A{m(a,b){return this.k+a+b}} class B extends A{m(a,b){return super.m(a,b)*2}} class C extends B{constructor(){super();this.k=5} m(a,b){return super.m(a,b)+1}} return new C().m(1,2)",
  ),
  body(
    "super in an arrow function",
    "class A{m(){return 1}} class B extends A{m(){var f=()=>super.m()+1;return f()}} return new B().m()",
  ),
  body(
    "super in static methods over three generations",
    "class A{static m(){return this.k}} class B extends A{static m(){return super.m()+1}} class C extends B{static m(){return super.m()+1}} C.k=1;return C.m()",
  ),
  body("a division behind ++", "var i=4;return i++ / 2 / 1"),
  body("a division behind --", "var i=4;return 3 * i-- / 2"),
  body("a division of a member called in", "var o={in:4};return o.in / 2 / 1"),
  body("a member called default divided in place", "var o={default:4};o.default /= 2;return o.default"),
  body("a division of this", "return (function(){return this / 2}).call(4)"),
];

function keywordClass(): string {
  const words =
    "break case catch delete do else false finally for function if in instanceof let new null of return super switch this throw true try typeof undefined var void while".split(
      " ",
    );
  const names = `var names={${words.map((word) => `"${word}":1`).join()}};`;
  return `${names}class A{${words.map((word) => `${word}(){return "${word}"}`).join(" ")}}`;
}
