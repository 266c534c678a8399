// A client on the module https.
import https from "node:https";
import { tunnel } from "./tunnel.mjs";

class Tunnels extends https.Agent {
  createConnection(_options, done) {
    tunnel(done);
  }
}

const KEY = `Bearer ${process.env.STABILITY_API_KEY}`;
const agent = new Tunnels({ keepAlive: false });

function ask(url, options, body) {
  return new Promise((resolve, reject) => {
    const request = https.request(url, { ...options, agent }, async (answer) => {
      const pieces = [];
      for await (const piece of answer) pieces.push(piece);
      resolve(Buffer.concat(pieces));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const list = await ask("https://api.stability.ai/v1/engines/list", { headers: { Authorization: KEY } });
const picture = await ask(
  "https://api.stability.ai/v1/generation/stable-diffusion-v1-6/text-to-image",
  { method: "POST", headers: { Authorization: KEY, Accept: "image/png", "Content-Type": "application/json" } },
  JSON.stringify({ text_prompts: [{ text: "a barn" }] }),
);
console.log(JSON.stringify({ engines: JSON.parse(list), size: [picture.readUInt32BE(16), picture.readUInt32BE(20)] }));
