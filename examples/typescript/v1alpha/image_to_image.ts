// Draw over a picture: POST /v1alpha/generation/{engine_id}/image-to-image
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
const engineId = "stable-diffusion-512-v2-1";

// step_schedule_start: 0 keeps the picture, 1 ignores it.
const options = {
  text_prompts: [
    { text: "the same lake in deep winter, oil painting", weight: 1 },
  ],
  step_schedule_start: 0.65,
  steps: 30,
  cfg_scale: 7,
};

// A picture goes as a Buffer without a filename: the server knows it by its field.
const form = new FormData();
form.append("init_image", await readFile(new URL("init_image.png", assets)));
form.append("options", JSON.stringify(options));

const response = await fetch(`${apiHost}/v1alpha/generation/${engineId}/image-to-image`, {
  method: "POST",
  headers: {
    ...form.getHeaders(),
    Authorization: apiKey,
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
  const picture = path.join(out, `typescript_v1alpha_image_to_image_${artifact.seed}.png`);
  await writeFile(picture, Buffer.from(artifact.base64, "base64"));
  console.log(picture);
}
