// Show how many credits are left: GET /v1alpha/user/balance
const apiHost = process.env.API_HOST ?? "http://127.0.0.1:8080";
const apiKey = process.env.STABILITY_API_KEY;
if (!apiKey) {
  console.error("Set STABILITY_API_KEY to your API key and run this again.");
  process.exit(1);
}

const response = await fetch(`${apiHost}/v1alpha/user/balance`, { headers: { Authorization: apiKey } });
if (!response.ok) {
  console.error(`${response.status}: ${await response.text()}`);
  process.exit(1);
}

console.log(JSON.stringify(await response.json(), null, 2));
