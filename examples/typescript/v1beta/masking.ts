// Replace a part of a picture: POST /v1beta/generation/{engine_id}/image-to-image/masking
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
const engineId = "stable-inpainting-512-v2-0";

// A picture goes as a Buffer without a filename: the server knows it by its field.
const form = new FormData();
form.append("init_image", await readFile(new URL("init_image.png", assets)));
form.append("mask_image", await readFile(new URL("mask_image_black.png", assets)));
// MASK_IMAGE_BLACK: what is black in the mask is drawn anew, what is white stays.
form.append("mask_source", "MASK_IMAGE_BLACK");
form.append("text_prompts[0][text]", "a paper kite in a clear evening sky");
form.append("text_prompts[0][weight]", 1);
form.append("steps", 30);
form.append("cfg_scale", 7);

const response = await fetch(`${apiHost}/v1beta/generation/${engineId}/image-to-image/masking`, {
  method: "POST",
  headers: {
    ...form.getHeaders(),
    Authorization: `Bearer ${apiKey}`,
    Accept: "application/json",
  },
  body: new Uint8Array(form.getBuffer()),
});
if (!response.ok) {
  console.error(`${response.status}: ${await response.text()}`);
  process.exit(1);
}

interface Answer {
  artifacts: { base64: string; seed: number; finishReason: string }[];
}

const answer = (await response.json()) as Answer;
await mkdir(out, { recursive: true });
for (const artifact of answer.artifacts) {
  const picture = path.join(out, `typescript_v1beta_masking_${artifact.seed}.png`);
  await writeFile(picture, Buffer.from(artifact.base64, "base64"));
  console.log(picture);
}
