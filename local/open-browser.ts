import { spawn } from "node:child_process";

/** Opens a page in the browser. If this machine has none, the person opens the printed link. */
export function openBrowser(url: string): void {
  const openers: Partial<Record<NodeJS.Platform, string[]>> = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] };
  const [command = "", ...args] = openers[process.platform] ?? ["xdg-open"];
  const opener = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  opener.on("error", () =>
    console.log(`The command ${command} is missing on this machine: open the link in your browser`),
  );
  opener.unref();
}
