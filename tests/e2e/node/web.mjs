// OpenFeature's web provider as a page would use it, without a page: reads {url, headers, steps}
// from standard input, and prints a JSON line for each step: what the app sees, and the requests
// that were sent since the step before.
import { readFileSync, renameSync } from "node:fs";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { EventSource } from "eventsource";

const { url, headers, steps, streams } = JSON.parse(readFileSync(0, "utf8"));
let requests = [];
let events = [];
let opened = [];
let sent = () => {}; // called after each request
let changed = () => {};

if (streams) {
  globalThis.EventSource = class extends EventSource {
    constructor(address) {
      super(address);
      opened.push(new URL(address).pathname);
    }
  };
}

async function recordingFetch(request, options) {
  const response = await fetch(request, options);
  const asked = request instanceof Request ? request : new Request(request, options);
  requests.push({
    method: asked.method,
    path: new URL(asked.url).pathname,
    flagConfigEtag: new URL(asked.url).searchParams.get("flagConfigEtag"),
    ifNoneMatch: asked.headers.get("if-none-match"),
    status: response.status,
    etag: response.headers.get("etag"),
  });
  sent();
  return response;
}

const client = OpenFeature.getClient();
client.addHandler(ProviderEvents.ConfigurationChanged, (event) => {
  events.push({ type: "changed", flags: event.flagsChanged });
  changed();
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
  // until the first event of the stream has been followed by a request
  async settle() {
    if (requests.length === 0) await new Promise((resolve) => (sent = resolve));
    return { opened };
  },
  // puts a file in another's place and waits for the page to hear of it
  async publish({ from, to }) {
    const heard = new Promise((resolve) => (changed = resolve));
    renameSync(from, to);
    await heard;
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
