// Double the size of a picture: POST /v1/generation/{engine_id}/image-to-image/upscale
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import FormData from "form-data";

const apiHost = process.env.API_HOST ?? "http://127.0.0.1:8080";
const apiKey = process.env.STABILITY_API_KEY;
if (!apiKey) {
  console.error("Set STABILITY_API_KEY to your API key and run this again.");
  process.exit(1);
}
const out = process.env.OUT_DIR ?? "out";
const assets = new URL("../../assets/", import.meta.url);
const engineId = "esrgan-v1-x2plus";

// A picture goes as a Buffer without a filename: the server knows it by its field.
const form = new FormData();
form.append("image", await readFile(new URL("init_image.png", assets)));
// Send width or height, never both: the other side follows.
form.append("width", 1024);

const response = await fetch(`${apiHost}/v1/generation/${engineId}/image-to-image/upscale`, {
  method: "POST",
  headers: {
    ...form.getHeaders(),
    Authorization: `Bearer ${apiKey}`,
    Accept: "image/png",
  },
  body: new Uint8Array(form.getBuffer()),
});
if (!response.ok) {
  console.error(`${response.status}: ${await response.text()}`);
  process.exit(1);
}

await mkdir(out, { recursive: true });
const picture = path.join(out, `typescript_v1_upscale_${response.headers.get("seed")}.png`);
await writeFile(picture, Buffer.from(await response.arrayBuffer()));
console.log(picture);
