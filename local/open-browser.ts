import { spawn } from "node:child_process";

/** Opens a page in the browser. If this machine has none, the person opens the printed link. */
export function openBrowser(url: string): void {
  const command = process.platform === "darwin" ? "open" : "xdg-open";
  const opener = spawn(command, [url], { stdio: "ignore", detached: true });
  opener.on("error", () =>
    console.log(`The command ${command} is missing on this machine: open the link in your browser`),
  );
  opener.unref();
}
