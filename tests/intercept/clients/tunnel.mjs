// TLS with api.stability.ai through the proxy that HTTPS_PROXY names: Node.js before version 22.21 does not read it.
import http from "node:http";
import tls from "node:tls";

export function tunnel(done) {
  const proxy = new URL(process.env.HTTPS_PROXY);
  const request = http.request({
    host: proxy.hostname,
    port: proxy.port,
    method: "CONNECT",
    path: "api.stability.ai:443",
    agent: false,
  });
  request.on("error", done);
  request.on("connect", (answer, plain) => {
    if (answer.statusCode !== 200) return done(new Error(`the proxy answers ${answer.statusCode}`));
    const secure = tls.connect({ socket: plain, servername: "api.stability.ai", ALPNProtocols: ["http/1.1"] });
    secure.once("secureConnect", () => done(null, secure));
    secure.once("error", done);
  });
  request.end();
}
