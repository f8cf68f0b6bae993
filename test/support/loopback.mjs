// Imported before functions-framework: it listens on every address of the machine, here on a free port of the loopback only.
import { Server } from "node:net";

const listen = Server.prototype.listen;
Server.prototype.listen = function (_port, ...rest) {
  return listen.call(this, 0, "127.0.0.1", () => {
    console.log(JSON.stringify({ port: this.address().port }));
    for (const callback of rest) if (typeof callback === "function") callback();
  });
};
