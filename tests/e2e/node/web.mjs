// OpenFeature's web provider as a page would use it, without a page: reads {url, headers, steps}
// from standard input, and prints a JSON line for each step: what the app sees, and the requests
// that were sent since the step before.
import { readFileSync } from "node:fs";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";

const { url, headers, steps } = JSON.parse(readFileSync(0, "utf8"));
let requests = [];
let events = [];

async function recordingFetch(request, options) {
  const response = await fetch(request, options);
  const sent = request instanceof Request ? request : new Request(request, options);
  requests.push({
    method: sent.method,
    path: new URL(sent.url).pathname,
    ifNoneMatch: sent.headers.get("if-none-match"),
    status: response.status,
    etag: response.headers.get("etag"),
  });
  return response;
}

const client = OpenFeature.getClient();
client.addHandler(ProviderEvents.ConfigurationChanged, (event) => {
  events.push({ type: "changed", flags: event.flagsChanged });
});
client.addHandler(ProviderEvents.Error, () => events.push({ type: "error" }));
client.addHandler(ProviderEvents.Stale, () => events.push({ type: "stale" }));

const ask = {
  boolean: client.getBooleanDetails,
  string: client.getStringDetails,
  number: client.getNumberDetails,
  object: client.getObjectDetails,
};
const act = {
  async start({ context }) {
    await OpenFeature.setContext(context);
    const provider = new OFREPWebProvider({
      baseUrl: url,
      headers: Object.entries(headers),
      fetchImplementation: recordingFetch,
      pollInterval: 0,
    });
    try {
      await OpenFeature.setProviderAndWait(provider);
    } catch (error) {
      return { failed: error.code ?? String(error) };
    }
    return {};
  },
  async context({ context }) {
    await OpenFeature.setContext(context);
    return {};
  },
  async ask({ kind, key, fallback }) {
    return { details: ask[kind].call(client, key, fallback) };
  },
};
for (const step of steps) {
  const seen = await act[step.do](step);
  console.log(JSON.stringify({ ...seen, status: client.providerStatus, requests, events }));
  requests = [];
  events = [];
}
await OpenFeature.close();
