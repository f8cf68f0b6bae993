import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { filled, type Message, serve } from "./grpc.ts";

/*
 * What Pulumi's engine starts to run a Node program, for a command line that was built from source and so comes without its own: as that
 * one does, it starts Pulumi's `cmd/run` in the program's folder, with what Pulumi.yaml says under `runtime`, and tells how it ended.
 */

const require = createRequire(import.meta.url);
const messages = require("@pulumi/pulumi/proto/language_pb.js");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb.js");

/** What `cmd/run` ends with when it has told the engine of the error itself. */
const TOLD_ALREADY = 32;

function runProgram(request: Message): Promise<Message> {
  const info = request.getInfo();
  const { nodeargs = "" } = info.getOptions().toJavaScript();
  // Programs get names as they were in Pulumi's first years: project:config:name.
  const config = [...request.getConfigMap().entries()].map(([name, value]) => [name.replace(":", ":config:"), value]);
  const flags = {
    monitor: request.getMonitorAddress(),
    engine,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info.getRootDirectory(),
    stack: request.getStack(),
    parallel: request.getParallel(),
    pwd: info.getProgramDirectory(),
    ...(request.getDryrun() && { "dry-run": true }),
  };
  const program = spawn(
    process.execPath,
    [
      ...String(nodeargs).split(" ").filter(Boolean),
      require.resolve("@pulumi/pulumi/cmd/run", { paths: [info.getProgramDirectory()] }),
      ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      info.getEntryPoint(),
    ],
    {
      cwd: info.getProgramDirectory(),
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(config)),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  return new Promise((resolve) =>
    program.on("exit", (code) => {
      const response = new messages.RunResponse();
      if (code === TOLD_ALREADY) response.setBail(true);
      else if (code !== 0) response.setError(`the program ended with exit code ${code}`);
      resolve(response);
    }),
  );
}

/** Runs a policy pack until the engine hangs up, which reads the pack's port from what it prints. */
function runPolicyPack(request: Message, stream: Message): Promise<void> {
  const pack = request.getInfo().getProgramDirectory();
  const host = require.resolve("@pulumi/pulumi/cmd/run-policy-pack", { paths: [pack] });
  const child = spawn(process.execPath, [host, ...request.getArgsList(), pack], {
    cwd: pack,
    env: { ...process.env, PULUMI_NODEJS_TYPESCRIPT: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const tell = (field: string, value: unknown) =>
    stream.write(filled(new messages.RunPluginResponse(), { [field]: value }));
  child.stdout.on("data", (data) => tell("Stdout", data));
  child.stderr.on("data", (data) => tell("Stderr", data));
  stream.on("cancelled", () => child.kill());
  return new Promise((resolve) =>
    child.on("exit", (code) => {
      tell("Exitcode", code ?? 1);
      resolve();
    }),
  );
}

/** The engine's address, which it gives as the last argument. */
const engine = process.argv.at(-1);
const { port } = await serve(LanguageRuntimeService, {
  handshake: () => new messages.LanguageHandshakeResponse(),
  // The stand-in for Google's provider runs already, and Pulumi's own provider for dynamic resources lies beside this file.
  getRequiredPackages: () => new messages.GetRequiredPackagesResponse(),
  getRequiredPlugins: () => new messages.GetRequiredPluginsResponse(),
  getPluginInfo: () => new PluginInfo(),
  cancel: () => new Empty(),
  run: runProgram,
  runPlugin: runPolicyPack,
});
console.log(port);

// Pulumi's own ends too when the engine was killed, or ended before this line: then the parent is the first process.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent || parent === 1) process.exit();
}, 500);
