// Starts Understudy in test mode, and steers the world behind one key by the control API.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Run `understudy serve --test` on a free port; gives its address and a function that stops it. */
export async function serve(...options) {
  const home = mkdtempSync(join(tmpdir(), "understudy-"));
  const program = process.env.UNDERSTUDY ?? "understudy";
  const child = spawn(program, ["serve", "--test", "--port", "0", "--end-with-parent", ...options], {
    env: { ...process.env, UNDERSTUDY_HOME: home, UNDERSTUDY_LOG_LEVEL: "warning" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    let printed = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`understudy ended with ${code}:\n${printed}`)));
    child.stdout.on("data", (piece) => {
      printed += piece;
      const found = printed.match(/listens on (http:\S+)/);
      if (found) resolve(found[1]);
    });
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  return { url, stop };
}

/** The world of one key. */
export class World {
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  state = () => this.#ask("GET", "/world");
  change = (facts) => this.#ask("PATCH", "/world", facts);
  advance = (seconds) => this.#ask("POST", "/world/clock", { advance: seconds });
  reset = () => this.#ask("POST", "/world/reset");
  failNext = (outcome, { times = 1, ...match } = {}) =>
    this.#ask("POST", "/world/rules", { effect: { outcome }, times, match });
  latency = (seconds, { times = 0, ...match } = {}) =>
    this.#ask("POST", "/world/rules", { effect: { latency: { kind: "fixed", seconds } }, times, match });

  async journal(filters = {}) {
    return (await this.#ask("GET", `/world/journal?${new URLSearchParams(filters)}`)).entries;
  }

  async #ask(method, path, body) {
    const answer = await fetch(`${this.url}/_understudy${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.key}`, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
}
