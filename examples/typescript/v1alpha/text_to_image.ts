// Draw two pictures from words: POST /v1alpha/generation/{engine_id}/text-to-image
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

const apiHost = process.env.API_HOST ?? "http://127.0.0.1:8080";
const apiKey = process.env.STABILITY_API_KEY;
if (!apiKey) {
  console.error("Set STABILITY_API_KEY to your API key and run this again.");
  process.exit(1);
}
const out = process.env.OUT_DIR ?? "out";
const engineId = "stable-diffusion-512-v2-1";

const response = await fetch(`${apiHost}/v1alpha/generation/${engineId}/text-to-image`, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    Authorization: apiKey,
    Accept: "application/json",
  },
  body: JSON.stringify({
    text_prompts: [
      { text: "a lighthouse on a cliff at dusk", weight: 1 },
    ],
    width: 512,
    height: 512,
    samples: 2,
    steps: 30,
    cfg_scale: 7,
  }),
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
  const picture = path.join(out, `typescript_v1alpha_text_to_image_${artifact.seed}.png`);
  await writeFile(picture, Buffer.from(artifact.base64, "base64"));
  console.log(picture);
}
