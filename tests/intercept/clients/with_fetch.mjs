// A client on the built-in fetch.
import { tunnel } from "./tunnel.mjs";

// Where fetch does not read HTTPS_PROXY by itself, its connections are made by hand. The class of its agent is
// not public; the one in use is found once fetch has been touched.
if (process.env.NODE_USE_ENV_PROXY !== "1" || !process.allowedNodeEnvironmentFlags.has("--use-env-proxy")) {
  await fetch("data:,");
  const inUse = Symbol.for("undici.globalDispatcher.1");
  const Agent = globalThis[inUse].constructor;
  globalThis[inUse] = new Agent({ connect: (_options, done) => tunnel(done) });
}

const KEY = `Bearer ${process.env.STABILITY_API_KEY}`;
try {
  const list = await fetch("https://api.stability.ai/v1/engines/list", { headers: { Authorization: KEY } });
  const engines = await list.json();
  const answer = await fetch("https://api.stability.ai/v1/generation/stable-diffusion-v1-6/text-to-image", {
    method: "POST",
    headers: { Authorization: KEY, Accept: "image/png", "Content-Type": "application/json" },
    body: JSON.stringify({ text_prompts: [{ text: "a barn" }] }),
  });
  const picture = Buffer.from(await answer.arrayBuffer());
  console.log(JSON.stringify({ engines, size: [picture.readUInt32BE(16), picture.readUInt32BE(20)] }));
} catch (problem) {
  console.error(problem.cause ?? problem);
  process.exitCode = 1;
}
