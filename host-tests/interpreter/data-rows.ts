/** Rows of the dialect's test: numbers, texts, dictionaries, arrays, JSON, dates and errors. `code` as in `Construct`. */

interface Row {
  name: string;
  code: string;
}

/** An expression, named by itself. */
const expression = (text: string): Row => ({ name: text, code: `answer=${text}` });

/** The body of a function that is called at once. */
const body = (name: string, text: string): Row => ({ name, code: `answer=(function(){${text}})()` });

const REFUSED_EXPRESSIONS = [
  "(1.7).toFixed(0)",
  "(-9.96).toFixed(1)",
  "(1.999).toFixed(2)",
  "Math.sqrt(25)===5",
  "Math.sqrt(25)|0",
  "~~Math.sqrt(25)",
  "Math.sqrt(25)%5",
  "Math.floor(Math.sqrt(64)/2)",
  "Math.floor(Math.pow(2,12))",
  "Math.pow(2,12)&4096",
  "Math.pow(2,32)-1===4294967295",
  "[1,2,3,4,5,6][Math.sqrt(25)]===6",
  "new Uint8Array(Math.pow(2,12)).length",
  '"ab".repeat(Math.sqrt(25)).length',
  '+"1;2\\n".split(";")[1]',
  'isNaN("a 5 ".substr(2))',
  'Number("1,5\\r".replace(",","."))',
  '"1,2\\r".split(",").map(Number).join()',
  '"abc".replaceAll("b",function(){return "x"})',
  '"abc".replace("b",()=>"x")',
  '"a b c".split(" ",1).length',
  '"abc"[-2]===undefined',
  "new Uint8Array(2)[-1]===undefined",
  '"emit" in {}',
  '"constructor" in {}',
  "typeof String.prototype.trim",
  "typeof Number.prototype.toFixed",
  "typeof Date.prototype.getTime",
  "Array.prototype.map.call([1],function(x){return x}).length",
  "JSON.stringify({a:1,b:2},function(k,v){return k==='a'?undefined:v})",
  'JSON.parse("[1]",function(k,v){return k===""?v:5})[0]',
  'isNaN(new Date("2024-01-01"))',
  'isNaN(new Date("soon").getTime())',
  "Number(new Date(5))",
  "Math.floor(new Date(5.5))",
  'isFinite(Date.parse("soon"))',
  'Date.parse("2024")',
  'Date.parse("01/02/2024")',
  'Date.parse("2024-13-01")',
  'new Date("2024-01-01 10:00").getTime()',
  "new SyntaxError('x') instanceof Error",
];

/** What the build refuses, or warns of, goes wrong. */
export const REFUSED_DATA_ROWS: Row[] = [
  ...REFUSED_EXPRESSIONS.map(expression),
  body("a rounded number by a variable", "var x=9.96;return x.toFixed(1)"),
  body("a root that a variable keeps", "var root=Math.sqrt(25);return Math.floor(root)"),
  body("a part of a line in a for…of", 'var n=0;for(var part of "1,2\\r".split(","))n+=Number(part);return n'),
  body(
    "the character before the first",
    'var t="ab",n=0;for(var i=0;i<2;i++)if(i<9)n++;for(i=0;i<1;i++);return t[-1]===undefined',
  ),
  body(
    "a byte before the first in a loop",
    "var b=new Uint8Array(3),n=0;for(var i=0;i<3;i++)n+=b[i]-(b[i-1]|0);return n",
  ),
  body("a key that is a method's name", 'var o={},key="clo"+"ne";return key in o'),
  body(
    "a dictionary that is read",
    'var o={};function put(k){o[k]=1}function has(k){return o[k]!==undefined}put("a");return has("on")',
  ),
  body("a counter in a dictionary", 'var o={};function add(k){o[k]=(o[k]||0)+1;return o[k]}return add("on")'),
  body("a key added in for…in", 'var o={a:1},n=0;for(var k in o){o[k+"x"]=1;if(++n>5)break}return n'),
  body("an item removed in for…of", "var a=[1,2,3,4],n=0;for(var x of a){n+=x||0;if(x===2)a.splice(1,1)}return n"),
  body("the first item removed in for…of", "var a=[1,2,3,4],n=0;for(var x of a){n+=x||0;if(x===1)a.shift()}return n"),
  body(
    "an item removed in forEach",
    "var a=[1,2,3,4],n=0;a.forEach(function(x){n+=x;if(x===2)a.splice(1,1)});return n",
  ),
  body(
    "an item removed in forEach of a member",
    "var o={a:[1,2,3]},n=0;o.a.forEach(function(x){n+=x;if(x===1)o.a.shift()});return n",
  ),
  body("a member list cut by its length", "var o={list:[1,2,3]};o.list.length=0;return o.list.length"),
  body(
    "arguments.length of a function with arguments",
    "function f(a){if(!arguments.length)return 1;return 2}return f()",
  ),
  body("NaN of a date in a variable", 'var at=new Date("soon");return isNaN(at.getTime())'),
  body(
    "an order of equal items",
    'return [{k:1,n:"a"},{k:1,n:"b"},{k:0,n:"c"}].sort(function(a,b){return a.k-b.k}).map(function(x){return x.n}).join()',
  ),
  body("arguments.length above one", "function f(a,b){return arguments.length>1}return f(1)"),
  body("the class of a caught error", "try{undefined.x}catch(e){return e instanceof TypeError}"),
  body("the name of a caught error", 'try{JSON.parse("{")}catch(e){return e.name}'),
];

const ALLOWED_EXPRESSIONS = [
  "Math.round(9.96).toFixed(1)",
  "(Math.round(1.999*100)/100).toFixed(2)",
  "(Math.round(-9.96*10)/10).toFixed(1)",
  "(10).toFixed(2)",
  "Math.round(Math.pow(2,12))",
  "Math.floor(Math.sqrt(25)+0.5)",
  "Math.floor(Math.pow(7,2))",
  "Math.round(2.34*Math.pow(10,2))/Math.pow(10,2)",
  "Math.floor(Math.pow(10,3))",
  "Math.sqrt(25)>4.5",
  'Number(" 23.5")',
  'Number("0x10")',
  'Number("23.5\\r".trim())',
  'Number("AB 12.5C".substr(3,4))',
  'parseFloat("1;23.5\\r".split(";")[1])',
  'parseInt("0012\\r",10)',
  '"1,2\\r".split(",").map(parseFloat).join()',
  '"a1b2".replace(/\\d/g,function(d){return d*2})',
  '"a-b-c".split("-").join("+")',
  '"abc"[1]+"abc"["abc".length-1]',
  "[1,2][-1]===undefined",
  'encodeURIComponent("a b/c?d=e&f")',
  '"a" in {a:1}',
  "1 in [5,6]",
  '({a:1}).hasOwnProperty("on")',
  'Object.prototype.hasOwnProperty.call({a:1},"on")',
  '"".trim.call(" a ")',
  "[].slice.apply([1,2,3],[1]).join()",
  "JSON.stringify({a:1},null,0)",
  'Date.parse("2024-01-01T10:00:00.5Z")',
  'Date.parse("Mon, 01 Jan 2024 10:00:00 GMT")',
  'Date.parse("2024-01-01T10:00:00+02:00")',
  'Date.parse("Jan 1, 2024")',
  "new Date(5)-new Date(3)",
  "isNaN(new Date(5).getTime())",
  "new SyntaxError('x') instanceof SyntaxError",
];

/** What the build accepts works. */
export const ALLOWED_DATA_ROWS: Row[] = [
  ...ALLOWED_EXPRESSIONS.map(expression),
  body(
    "toFixed of rounded numbers, 600 of them",
    'var t="";for(var i=-300;i<300;i++)t+=(Math.round(i*1.37*100)/100).toFixed(2)+" ";return t',
  ),
  body("rounded roots of squares", "var n=0;for(var i=0;i<200;i++)if(Math.round(Math.sqrt(i*i))===i)n++;return n"),
  body(
    "squares and cubes",
    "var n=0;for(var i=0;i<60;i++)if(Math.floor(Math.pow(i,2))===i*i&&Math.floor(Math.pow(i,3))===i*i*i)n++;return n",
  ),
  body(
    "all keys deleted by a list of them",
    "var o={a:1,b:2};for(var k of Object.keys(o))delete o[k];return Object.keys(o).length",
  ),
  body("values set in for…in", "var o={a:1,b:2};for(var k in o)o[k]=5;return o.a+o.b"),
  body(
    "keys deleted from another object",
    "var o={a:1,b:2},p={a:1};for(var k in p)delete o[k];return Object.keys(o).join()",
  ),
  body(
    "an item removed before the loop ends",
    "var a=[1,2,3];for(var x of a){if(x===2){a.splice(1,1);break}}return a.join()",
  ),
  body("items added in for…of", "var a=[1,2],n=0;for(var x of a){n++;if(n<5)a.push(x)}return n"),
  body(
    "the byte before, from the second on",
    "var b=new Uint8Array([1,2,4]),n=0;for(var i=1;i<3;i++)n+=b[i]-b[i-1];return n",
  ),
  body(
    "the byte before, if there is one",
    "var b=new Uint8Array([1,2,4]),n=0;for(var i=0;i<3;i++)if(i>0)n+=b[i]-b[i-1];return n",
  ),
  body(
    "a dictionary that is asked first",
    'var o={};function put(k){o[k]=1}function get(k){return o.hasOwnProperty(k)?o[k]:0}put("a");return get("a")+get("on")',
  ),
  body("a table by numbers", "var o={};for(var i=0;i<3;i++)o[i]=i*i;var n=0;for(i=0;i<3;i++)n+=o[i*1];return n"),
  body(
    "a sort with a second comparison",
    "var a=[{k:1,i:0},{k:1,i:1},{k:0,i:2}];a.sort(function(x,y){return x.k-y.k||x.i-y.i});return a.map(function(x){return x.i}).join()",
  ),
  body("a length of its own", "var o={frame:{length:3}};o.frame.length=0;return o.frame.length"),
  body("the kind of a caught error as text", 'try{throw new TypeError("b")}catch(e){return String(e)}'),
  body("the message of a caught error", 'try{throw new TypeError("b")}catch(e){return e.message}'),
];
