import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { ruleNames } from "./support.ts";

const require = createRequire(import.meta.url);
const pack = fileURLToPath(new URL("../../policy", import.meta.url));

// The engine's protocol, from the copies that Pulumi's SDK uses.
const ofPulumi = createRequire(require.resolve("@pulumi/pulumi"));
const grpc = ofPulumi("@grpc/grpc-js");
const { Struct } = ofPulumi("google-protobuf/google/protobuf/struct_pb.js");
const { Empty } = ofPulumi("google-protobuf/google/protobuf/empty_pb.js");
const { AnalyzeRequest, AnalyzerResourceOptions } = ofPulumi("@pulumi/pulumi/proto/analyzer_pb.js");
const { AnalyzerClient } = ofPulumi("@pulumi/pulumi/proto/analyzer_grpc_pb.js");

describe("the policy pack", () => {
  let child: ReturnType<typeof spawn>;
  let stderr = "";
  // biome-ignore lint/suspicious/noExplicitAny: the generated client has no types
  let call: (method: string, request: unknown) => Promise<any>;

  // Start it as Pulumi's language host does, which compiles the pack with a full type check.
  before(async () => {
    const host = require.resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
    child = spawn(process.execPath, [host, "127.0.0.1:1", pack], {
      cwd: pack,
      env: { PATH: process.env.PATH },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stderr?.on("data", (data) => (stderr += data));
    const port = await new Promise<string>((resolve, reject) => {
      if (child.stdout) createInterface(child.stdout).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`the pack ended with ${code}: ${stderr}`)));
    });
    const client = new AnalyzerClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    call = (method, request) =>
      new Promise((resolve, reject) =>
        client[method](request, (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer))),
      );
  });
  after(() => child.kill());

  async function analyze(type: string, props: Record<string, unknown>) {
    const request = new AnalyzeRequest();
    request.setType(type);
    request.setName("it");
    request.setUrn(`urn:pulumi:dev::gcp-data-demos::${type}::it`);
    request.setOptions(new AnalyzerResourceOptions());
    request.setProperties(Struct.fromJavaScript(props));
    const { diagnosticsList } = (await call("analyze", request)).toObject();
    return diagnosticsList as { policyname: string; message: string; enforcementlevel: number }[];
  }

  it("starts under the engine's host and offers every rule", async () => {
    const { name, version, policiesList } = (await call("getAnalyzerInfo", new Empty())).toObject();
    expect(name).to.equal("gcp-data-demos");
    expect(version).to.match(/^\d+\.\d+\.\d+$/);
    expect(policiesList.map((policy: { name: string }) => policy.name)).to.have.members(ruleNames);
  });

  it("refuses a bucket that is open to the world, and says what to do", async () => {
    const found = await analyze("gcp:storage/bucket:Bucket", {
      location: "US",
      labels: { demo: "coffee-shop" },
      uniformBucketLevelAccess: true,
      forceDestroy: true,
    });
    expect(found).to.have.length(1);
    expect(found[0]).to.include({ policyname: "nothing-public", enforcementlevel: 1 });
    expect(found[0]?.message).to.include('publicAccessPrevention must be "enforced"');
  });

  it("allows a grant to a service account whose address is unknown during a preview", async () => {
    const member = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const grant = { bucket: "lake", role: "roles/storage.objectViewer", member };
    expect(await analyze("gcp:storage/bucketIAMMember:BucketIAMMember", grant)).to.deep.equal([]);
  });
});
