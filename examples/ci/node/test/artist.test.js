// Everything that the service can answer, and what the client makes of it.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { Artist, Filtered, Refused, Unreachable } from "../artist.js";
import { serve, World } from "./server.js";

const REFUSALS = {
  invalid_prompts: 400,
  bad_request: 400,
  invalid_height_or_width: 400,
  invalid_sdxl_v1_dimensions: 400,
  invalid_sdxl_v222_dimensions: 400,
  invalid_pixel_count: 400,
  invalid_samples: 400,
  invalid_file_size: 400,
  invalid_mime_type: 400,
  invalid_image_dimensions: 400,
  invalid_mask_image: 400,
  unauthorized: 401,
  permission_denied: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  content_too_large: 413,
  unsupported_media_type: 415,
  insufficient_balance: 429,
  rate_limit_exceeded: 429,
  too_many_requests: 429,
  headers_too_large: 431,
  server_error: 500,
};
const FAULTS = [
  "unavailable",
  "timeout",
  "connection_reset",
  "empty_reply",
  "truncated_picture",
  "wrong_content_length",
];

let server;
let world;
let artist;
let count = 0;

before(async () => {
  server = await serve();
});
after(() => server.stop());
beforeEach(() => {
  count += 1;
  world = new World(server.url, `sk-test-node-${count}`);
  artist = new Artist({ host: server.url, key: world.key, milliseconds: 2000, pause: async () => {} });
});

test("no outcome is forgotten", async () => {
  const { outcomes } = await (await fetch(`${server.url}/_understudy/outcomes`)).json();
  const met = [...Object.keys(REFUSALS), ...FAULTS, "content_filtered"];
  assert.deepEqual(met.sort(), outcomes.map((row) => row.outcome).sort());
});

test("a prompt becomes a PNG, and the price leaves the balance", async () => {
  await artist.draw("a lighthouse");
  assert.equal(await artist.balance(), 99.1);
});

describe("refusals reach the program with status and name, and cost nothing", () => {
  for (const [name, status] of Object.entries(REFUSALS)) {
    test(name, async () => {
      await world.failNext(name);
      await assert.rejects(
        artist.draw("a lighthouse"),
        (trouble) => trouble instanceof Refused && trouble.status === status && trouble.reason === name,
      );
      assert.equal((await world.state()).balance, 100);
      assert.equal((await world.journal({ outcome: name })).length, 1);
    });
  }
});

describe("half answers and none at all are told from refusals, and cost nothing", () => {
  for (const fault of FAULTS) {
    test(fault, async () => {
      await world.failNext(fault);
      await assert.rejects(artist.draw("a lighthouse"), Unreachable);
      assert.equal((await world.state()).balance, 100);
    });
  }
});

test("a filtered picture is not taken for one, and costs nothing", async () => {
  await world.failNext("content_filtered");
  await assert.rejects(artist.draw("a lighthouse"), Filtered);
  assert.equal((await world.state()).balance, 100);
});

test("it tries again where that helps", async () => {
  await world.failNext("server_error", { times: 2 });
  artist.tries = 3;
  await artist.draw("a lighthouse");
  assert.deepEqual((await world.journal()).map((entry) => entry.status), [500, 500, 200]);
});

test("a lock-out takes no time", async () => {
  await world.change({ rate_limit: { requests: 2 } });
  await artist.balance();
  await artist.balance();
  await assert.rejects(artist.balance(), { reason: "rate_limit_exceeded" });
  await world.advance(60);
  assert.equal(await artist.balance(), 100);
});

test("a slow answer is given up", async () => {
  await world.latency(10);
  await assert.rejects(artist.draw("a lighthouse"), Unreachable);
});
