import { expect } from "chai";
import { type Declaration, type Declared, evaluate, googleAdapters } from "../src/index.ts";
import { userError } from "./user-error.ts";

const options = {
  project: "demo-project",
  program: "test",
  config: { "test:greeting": "hello" },
  adapters: googleAdapters,
};

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

  it("lists each resource after those it depends on", () => {
    const order = declaration.resources.map(({ urn }) => urn);
    for (const [index, { dependencies }] of declaration.resources.entries())
      for (const urn of dependencies) expect(order.indexOf(urn)).to.be.within(0, index - 1);
  });

  it("collects the dependencies of a resource: resources whose outputs it uses, and all parts of a component in dependsOn", () => {
    expect(named("schedule").dependencies).to.include.members([named("fn").urn, named("group-text").urn]);
  });

  it("resolves inputs that are outputs of other resources, computed ones too, and unwraps secrets", () => {
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

  it("keeps the content of files and archives", () => {
    expect(named("archive").inputs.source).to.deep.equal({
      files: { "index.mjs": { file: "package.json" }, "folder/b.txt": { text: "text" } },
    });
  });

  it("fails with the program's own message about a wrong setting", async () => {
    expect(await userError(() => evaluate(() => import("./programs/wrong-setting.ts"), options))).to.equal(
      "greeting is not polite",
    );
  });

  it("fails with an error that an apply throws", async () => {
    const error = await evaluate(() => import("./programs/wrong-apply.ts"), options).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error).with.property("message").that.contains("gs://some-bucket is odd");
  });

  it("refuses a program that calls Google", async () => {
    expect(await userError(() => evaluate(() => import("./programs/calls-google.ts"), options))).to.contain(
      "gcp:organizations/getProject",
    );
  });
});
