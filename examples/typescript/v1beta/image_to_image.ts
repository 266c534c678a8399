// Draw over a picture by a step schedule: POST /v1beta/generation/{engine_id}/image-to-image
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

// A picture goes as a Buffer without a filename: the server knows it by its field.
const form = new FormData();
form.append("init_image", await readFile(new URL("init_image.png", assets)));
// step_schedule_start: 0 keeps the picture, 1 ignores it. step_schedule_end is the share left out at the end.
form.append("init_image_mode", "STEP_SCHEDULE");
form.append("step_schedule_start", 0.6);
form.append("step_schedule_end", 0.01);
form.append("text_prompts[0][text]", "the same lake in deep winter, oil painting");
form.append("text_prompts[0][weight]", 1);
form.append("steps", 30);
form.append("cfg_scale", 7);

const response = await fetch(`${apiHost}/v1beta/generation/${engineId}/image-to-image`, {
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
  const picture = path.join(out, `typescript_v1beta_image_to_image_${artifact.seed}.png`);
  await writeFile(picture, Buffer.from(artifact.base64, "base64"));
  console.log(picture);
}
