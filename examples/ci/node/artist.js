// A small client of the Stability API that a program could ship: pictures from prompts, or a reason why not.

const PNG_BEGINS = Buffer.from("89504e470d0a1a0a", "hex");
const PNG_ENDS = Buffer.from("49454e44ae426082", "hex");

/** No picture was made; the subclasses say why. */
export class ArtistError extends Error {}

/** The service understood the request and said no. */
export class Refused extends ArtistError {
  constructor(status, name, message) {
    super(`${status} ${name}: ${message}`);
    this.status = status;
    this.reason = name;
  }
}

/** The picture was withheld by the content filter; it cost nothing. */
export class Filtered extends ArtistError {}

/** No usable answer came: a timeout, a broken connection, half a picture, an answer of somebody else. */
export class Unreachable extends ArtistError {}

export class Artist {
  constructor({
    host = process.env.API_HOST ?? "https://api.stability.ai",
    key = process.env.STABILITY_API_KEY,
    engine = "stable-diffusion-v1-6",
    milliseconds = 60_000,
    tries = 1,
    pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  } = {}) {
    Object.assign(this, { host, key, engine, milliseconds, tries, pause });
  }

  /** One PNG as a Buffer. Throws `Refused`, `Filtered` or `Unreachable`. */
  async draw(prompt, parameters = {}) {
    const body = { text_prompts: [{ text: prompt }], steps: 10, ...parameters };
    for (let left = this.tries - 1; ; left -= 1) {
      try {
        return await this.#drawOnce(body);
      } catch (trouble) {
        if (left <= 0 || !mayPass(trouble)) throw trouble;
        await this.pause(1000);
      }
    }
  }

  /** Credits. */
  async balance() {
    const { content } = await this.#send("GET", "/v1/user/balance");
    return JSON.parse(content).credits;
  }

  async #drawOnce(body) {
    const path = `/v1/generation/${this.engine}/text-to-image`;
    const { headers, content } = await this.#send("POST", path, body);
    if (headers.get("finish-reason") === "CONTENT_FILTERED") {
      throw new Filtered("the content filter withheld the picture");
    }
    const begins = content.subarray(0, PNG_BEGINS.length).equals(PNG_BEGINS);
    if (!begins || !content.subarray(-PNG_ENDS.length).equals(PNG_ENDS)) {
      throw new Unreachable("the picture is not complete");
    }
    return content;
  }

  async #send(method, path, body) {
    try {
      const answer = await fetch(this.host + path, {
        method,
        headers: {
          Authorization: `Bearer ${this.key}`,
          Accept: "image/png",
          ...(body && { "Content-Type": "application/json" }),
        },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(this.milliseconds),
      });
      const content = Buffer.from(await answer.arrayBuffer());
      if (!answer.ok) throw refusal(answer.status, content);
      return { headers: answer.headers, content };
    } catch (trouble) {
      if (trouble instanceof ArtistError) throw trouble;
      throw new Unreachable(trouble.cause?.code ?? trouble.name, { cause: trouble });
    }
  }
}

function refusal(status, content) {
  try {
    const told = JSON.parse(content);
    return new Refused(status, told.name, told.message);
  } catch {
    return new Unreachable(`${status} from somebody in between`);
  }
}

/** Whether the same request may succeed a moment later. */
function mayPass(trouble) {
  if (trouble instanceof Refused) {
    return trouble.status >= 500 || ["rate_limit_exceeded", "too_many_requests"].includes(trouble.reason);
  }
  return trouble instanceof Unreachable;
}
