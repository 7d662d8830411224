// OpenFeature's server provider: reads {url, headers, calls} from standard input, asks once for
// each call, and prints what the app would see, a JSON line each.
import { readFileSync } from "node:fs";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";

const { url, headers, calls } = JSON.parse(readFileSync(0, "utf8"));
const pairs = Object.entries(headers);
await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: url, headers: pairs }));
const client = OpenFeature.getClient();
const ask = {
  boolean: client.getBooleanDetails,
  string: client.getStringDetails,
  number: client.getNumberDetails,
  object: client.getObjectDetails,
};
for (const { kind, key, fallback, context } of calls) {
  const details = await ask[kind].call(client, key, fallback, context ?? {});
  console.log(JSON.stringify(details));
}
await OpenFeature.close();
