import { expect } from "chai";
import type { Declaration, Declared } from "../../local/declaration.ts";
import { evaluate } from "../../local/evaluate.ts";
import { userError } from "../support/user-error.ts";

const options = { project: "demo-project", program: "test", config: { "test:greeting": "hello" } };

describe("Evaluating a program", () => {
  let declaration: Declaration;
  before(async () => {
    declaration = await evaluate(() => import("./programs/small.ts"), options);
  });
  const named = (name: string) => declaration.resources.find((each) => each.name === name) as Declared;

  it("collects the resources, not the components that group them", () => {
    expect(declaration.resources.map(({ name }) => name)).to.have.members([
      "bucket",
      "account",
      "group-text",
      "archive",
      "fn",
      "schedule",
      "secret",
    ]);
  });

  it("puts none before what it depends on", () => {
    const order = declaration.resources.map(({ urn }) => urn);
    for (const [index, { dependencies }] of declaration.resources.entries())
      for (const urn of dependencies) expect(order.indexOf(urn)).to.be.within(0, index - 1);
  });

  it("knows what a resource waits for: its inputs' origins, and all that is in a component it depends on", () => {
    expect(named("schedule").dependencies).to.include.members([named("fn").urn, named("group-text").urn]);
  });

  it("resolves inputs that are other resources' outputs, computed ones too, and unwraps secrets", () => {
    expect(named("archive").inputs.bucket).to.equal("some-bucket");
    expect(named("schedule").inputs.httpTarget).to.deep.equal({
      uri: "https://some-function-rehearsed-uc.a.run.app",
    });
    expect(named("fn").inputs.serviceConfig).to.deep.equal({
      serviceAccountEmail: "somebody@demo-project.iam.gserviceaccount.com",
    });
    expect(named("secret").inputs.member).to.equal("serviceAccount:somebody@demo-project.iam.gserviceaccount.com");
    expect(named("group-text").inputs.content).to.equal("text");
  });

  it("keeps what files and archives hold", () => {
    expect(named("archive").inputs.source).to.deep.equal({
      files: { "index.mjs": { file: "package.json" }, "folder/b.txt": { text: "text" } },
    });
  });

  it("fails with the program's words about a wrong setting", async () => {
    expect(await userError(() => evaluate(() => import("./programs/wrong-setting.ts"), options))).to.equal(
      "greeting is not polite",
    );
  });

  it("fails with an error that only an output meets", async () => {
    const error = await evaluate(() => import("./programs/wrong-apply.ts"), options).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error).with.property("message").that.contains("gs://some-bucket is odd");
  });

  it("refuses a program that asks Google, as a preview without credentials would", async () => {
    expect(await userError(() => evaluate(() => import("./programs/asking.ts"), options))).to.contain(
      "gcp:organizations/getProject",
    );
  });
});
