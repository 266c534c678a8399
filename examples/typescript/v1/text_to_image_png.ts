// Draw a picture from words and get it as plain PNG bytes: POST /v1/generation/{engine_id}/text-to-image
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

const apiHost = process.env.API_HOST ?? "http://127.0.0.1:8080";
const apiKey = process.env.STABILITY_API_KEY;
if (!apiKey) {
  console.error("Set STABILITY_API_KEY to your API key and run this again.");
  process.exit(1);
}
const out = process.env.OUT_DIR ?? "out";
const engineId = "stable-diffusion-v1-6";

const response = await fetch(`${apiHost}/v1/generation/${engineId}/text-to-image`, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    Authorization: `Bearer ${apiKey}`,
    Accept: "image/png",
  },
  body: JSON.stringify({
    text_prompts: [
      { text: "a lighthouse on a cliff at dusk" },
    ],
    width: 512,
    height: 512,
    steps: 30,
  }),
});
if (!response.ok) {
  console.error(`${response.status}: ${await response.text()}`);
  process.exit(1);
}

await mkdir(out, { recursive: true });
const picture = path.join(out, `typescript_v1_text_to_image_png_${response.headers.get("seed")}.png`);
await writeFile(picture, Buffer.from(await response.arrayBuffer()));
console.log(picture);
