// Fill the transparent part of a picture: POST /v1/generation/{engine_id}/image-to-image/masking
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
form.append("init_image", await readFile(new URL("init_image_alpha.png", assets)));
// INIT_IMAGE_ALPHA: what is transparent in the picture is drawn anew; there is no mask image.
form.append("mask_source", "INIT_IMAGE_ALPHA");
form.append("text_prompts[0][text]", "a paper kite in a clear evening sky");
form.append("text_prompts[0][weight]", 1);
form.append("steps", 30);
form.append("cfg_scale", 7);

const response = await fetch(`${apiHost}/v1/generation/${engineId}/image-to-image/masking`, {
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
  const picture = path.join(out, `typescript_v1_masking_alpha_${artifact.seed}.png`);
  await writeFile(picture, Buffer.from(artifact.base64, "base64"));
  console.log(picture);
}
