// A stub of a service: answers /health on the port of its environment, and logs its start.
const { createServer } = require("http");
const { appendFileSync } = require("fs");
const name = Object.keys(process.env).find((each) => each.endsWith("_SERVICE_PORT"));
const server = createServer((request, response) => {
  response.statusCode = request.url === "/health" ? 200 : 404;
  response.end();
});
server.listen(Number(process.env[name]), process.env.STUB_HOST || "127.0.0.1", () => {
  if (process.env.STUB_LOG) appendFileSync(process.env.STUB_LOG, `${name}\n`);
});
