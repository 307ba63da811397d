// Validates objects with Kubernetes' own models: a JSON list on stdin, the directory with the npm packages as argument. Prints a line for
// each problem: a wrong type, a missing field or an unknown field.
import { pathToFileURL } from "node:url";

const modules = pathToFileURL(`${process.argv[2]}/node_modules/`).href;
const client = await import(`${modules}@kubernetes/client-node/dist/gen/models/all.js`);
const OURS = { "monitoring.coreos.com": "@kubernetes-models/prometheus-operator" };

async function typed(object, name) {
  const group = object.apiVersion.split("/")[0];
  const loaded = await import(`${modules}${OURS[group] ?? "kubernetes-models"}/${object.apiVersion}/${object.kind}.js`);
  try {
    new loaded[object.kind](object).validate();
    return [];
  } catch (error) {
    return [`${name}: ${error.message}`];
  }
}

// Types have the forms "V1Pod", "Array<V1Container>", "{ [key: string]: string; }".
function unknown(value, type, where) {
  const list = /^Array<(.*)>$/.exec(type);
  if (list) return value.flatMap((item, index) => unknown(item, list[1], `${where}[${index}]`));
  const known = client[type]?.getAttributeTypeMap?.();
  if (!known || typeof value !== "object") return [];
  const types = Object.fromEntries(known.map((field) => [field.baseName, field.type]));
  return Object.entries(value).flatMap(([key, inner]) =>
    key in types ? unknown(inner, types[key], `${where}.${key}`) : [`${where}: there is no field \`${key}\` in a ${type}`],
  );
}

let text = "";
for await (const piece of process.stdin) text += piece;
for (const object of JSON.parse(text)) {
  const name = `${object.kind} ${object.metadata?.name}`;
  for (const problem of [...(await typed(object, name)), ...unknown(object, `V1${object.kind}`, name)]) console.log(problem);
}
