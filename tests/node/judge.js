// Reads {document, bodies: [{pointer, value}]} and writes, for each body, whether ajv finds it valid by the schema at
// its pointer. ajv is as it comes: it rejects what it does not know, and its patterns have the flag u.
const Ajv = require("ajv/dist/2020");

const { document, bodies } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const ajv = new Ajv();
ajv.addVocabulary(Object.keys(document)); // What stands beside the schemas.
ajv.addSchema(document, "http://ims_mock/document");
const validators = {};
const isValid = ({ pointer, value }) =>
  (validators[pointer] ??= ajv.compile({ $ref: "http://ims_mock/document" + pointer }))(value);
console.log(JSON.stringify(bodies.map(isValid)));
