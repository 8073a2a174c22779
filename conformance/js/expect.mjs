// What a case expects, compared with what a client saw: the twin of conformance/expect.py.
// The words are explained in conformance/cases/README.md.

const ABSENT = Symbol("absent");

/** Returns one line for each place where what was seen is not what was expected. */
export function differences(expected, seen, place = "answer") {
  if (isObject(expected) && Object.keys(expected).some((key) => key.startsWith("$"))) {
    return Object.entries(expected).flatMap(([word, argument]) => WORDS[word](argument, seen, place));
  }
  if (seen === ABSENT) return [`${place}: expected ${show(expected)}, but it is not there`];
  if (isObject(expected) && isObject(seen)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value, Object.hasOwn(seen, key) ? seen[key] : ABSENT, `${place}.${key}`),
    );
  }
  if (Array.isArray(expected) && Array.isArray(seen) && expected.length === seen.length) {
    return expected.flatMap((value, number) => differences(value, seen[number], `${place}[${number}]`));
  }
  return expected === seen ? [] : [`${place}: expected ${show(expected)}, got ${show(seen)}`];
}

const WORDS = {
  $absent: (argument, seen, place) =>
    (seen === ABSENT) === argument
      ? []
      : [`${place}: expected ${argument ? "nothing there" : "to be there"}, got ${show(seen)}`],
  $type: (argument, seen, place) => (TYPES[argument](seen) ? [] : [`${place}: expected ${argument}, got ${show(seen)}`]),
  $search: (argument, seen, place) =>
    typeof seen === "string" && regex(argument).test(seen)
      ? []
      : [`${place}: expected text in which ${argument} is found, got ${show(seen)}`],
  $count: (argument, seen, place) =>
    Array.isArray(seen) && seen.length === argument ? [] : [`${place}: expected ${argument} elements, got ${show(seen)}`],
  $above: (argument, seen, place) => (seen > argument ? [] : [`${place}: expected more than ${argument}, got ${show(seen)}`]),
  $each: (argument, seen, place) =>
    Array.isArray(seen)
      ? seen.flatMap((value, number) => differences(argument, value, `${place}[${number}]`))
      : [`${place}: expected a list, got ${show(seen)}`],
  $includes: (argument, seen, place) =>
    Array.isArray(seen) && seen.some((value) => differences(argument, value).length === 0)
      ? []
      : [`${place}: expected ${show(argument)} among the elements, got ${show(seen)}`],
  $sum: (argument, seen, place) => {
    const parts = argument.slice(0, -1);
    const total = argument.at(-1);
    return isObject(seen) && parts.reduce((sum, part) => sum + seen[part], 0) === seen[total]
      ? []
      : [`${place}: expected ${parts.join(" + ")} = ${total}, got ${show(seen)}`];
  },
  $all: (argument, seen, place) => argument.flatMap((one) => differences(one, seen, place)),
};

const TYPES = {
  string: (seen) => typeof seen === "string",
  integer: Number.isInteger,
  number: (seen) => typeof seen === "number",
  boolean: (seen) => typeof seen === "boolean",
  array: Array.isArray,
  object: isObject,
  null: (seen) => seen === null,
};

/** Python and RE2 write flags at the front of a pattern, JavaScript beside it. */
function regex(pattern) {
  const [, flags = "", rest] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern);
  return new RegExp(rest, flags);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value) {
  return value === ABSENT ? "nothing" : JSON.stringify(value);
}
