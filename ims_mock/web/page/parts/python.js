// Values and rules as Python has them.

/** Return a value of JSON as an expression. */
export function pythonOf(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
  if (typeof value === "object") {
    if (typeof value.kind === "string") return faultOf(value);
    return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${pythonOf(item)}`).join(", ")}}`;
  }
  // A text of JSON is one of Python too.
  return JSON.stringify(value);
}

/** Return the class of a kind of fault: "lose_response" is LoseResponse. */
export function classOf(kind) {
  return kind.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** Return the expression that makes a fault, such as Fail(503). */
export function faultOf({ kind, ...fields }) {
  const given = Object.entries(fields).map(([name, value], index) =>
    kind === "fail" && name === "status" && index === 0 ? pythonOf(value) : `${name}=${faultField(name, value)}`,
  );
  return `${classOf(kind)}(${given.join(", ")})`;
}

function faultField(name, value) {
  // What a mutation puts in the place of a value may look like a fault, and is none.
  return name === "value" ? plain(value) : pythonOf(value);
}

function plain(value) {
  if (Array.isArray(value)) return `[${value.map(plain).join(", ")}]`;
  if (value === null || typeof value !== "object") return pythonOf(value);
  return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${plain(item)}`).join(", ")}}`;
}

/** Return the classes that the expression of a fault needs. */
export function classesOf(fault) {
  const inner = (fault.faults ?? []).filter(Boolean).flatMap(classesOf);
  return [...new Set([classOf(fault.kind), ...inner])].sort();
}
