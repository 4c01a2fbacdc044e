// tuf-js, driven line by line: each line of standard input asks for one target, each answer is one line of JSON.
//
// Asked:    {"at", "metadataUrl", "targetUrl", "state", "downloads", "target"}
// Answered: {"file", "custom", "timestamp", "root"} or {"error", "message"} with the name of the error's class.
// The folder "state" must hold root.json, from which trust starts; tuf-js keeps there what it has seen.

import { createInterface } from "node:readline";
import { Updater } from "tuf-js";

const RealDate = Date;

/** Let everything in this process believe that it is this instant, given as ISO 8601. */
function setClock(at) {
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      super(...(parts.length ? parts : [at]));
    }
    static now() {
      return RealDate.parse(at);
    }
  };
}

async function fetchTarget({ at, metadataUrl, targetUrl, state, downloads, target }) {
  setClock(at);
  const updater = new Updater({
    metadataDir: state,
    metadataBaseUrl: metadataUrl,
    targetDir: downloads,
    targetBaseUrl: targetUrl,
    config: { fetchRetries: 0, fetchTimeout: 10_000 },
  });
  await updater.refresh();
  const described = await updater.getTargetInfo(target);
  if (!described) return { file: null };
  const file = await updater.downloadTarget(described);
  const { root, timestamp } = updater.trustedSet;
  return { file, custom: described.custom, timestamp: timestamp.toJSON().signed, root: root.signed.version };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await fetchTarget(JSON.parse(line)).catch((error) => ({
    error: error.constructor.name,
    message: error.message,
  }));
  process.stdout.write(JSON.stringify(answer) + "\n");
}
