import { expect } from "chai";
import { firstApis, partyApis, stackApis } from "../../components/google/apis.ts";
import { PROJECT } from "../components/stack.ts";
import { type Engine, findPulumi, howToGetPulumi, servicesIn, startEngine } from "./engine.ts";

const MERCHANT = "merchant-project";
const WALLET = "wallet-project";

describe("the first up of a stack in fresh projects, on Pulumi's own engine", function () {
  this.timeout(600_000);
  let engine: Engine;

  beforeEach(async function () {
    const pulumi = findPulumi();
    if (pulumi === undefined) {
      console.log(`      ${howToGetPulumi}`);
      this.skip();
    }
    engine = await startEngine(pulumi);
  });
  afterEach(() => engine?.stop());

  // test/engine/life-of-a-stack.slow.test.ts begins in one fresh project.
  it("suffices in three projects, one for each party, though Google refuses whatever is off or only starting", async () => {
    await engine.stack.setAllConfig({ merchantProject: { value: MERCHANT }, walletProject: { value: WALLET } });
    await engine.run("up");
    expect((await engine.stack.info())?.result).to.equal("succeeded");

    expect(engine.google.apis.refused).to.be.above(0);
    const enabled = engine.google.enabled();
    const first = [PROJECT, MERCHANT, WALLET].flatMap((project) => servicesIn(project, firstApis));
    expect(enabled.slice(0, first.length)).to.have.members(first);
    expect(enabled).to.have.members([
      ...first,
      ...servicesIn(PROJECT, stackApis),
      ...[MERCHANT, WALLET].flatMap((party) => servicesIn(party, partyApis)),
    ]);
    const kinds = engine.google.calls.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "DataExchangeSubscription")).to.have.length(2);
    expect(engine.runs.requests.filter(({ path }) => path.endsWith(":run"))).to.have.length(6);
  });

  it("fails with Google's message if a service may not be enabled, after six tries, and creates nothing that needs it", async () => {
    const { apis, calls } = engine.google;
    apis.denied.add("cloudresourcemanager");
    const said = await engine.run("up").catch(({ message }: Error) => message);
    expect(said).to.include("Permission denied to enable service [cloudresourcemanager.googleapis.com]");
    // One more: Service Usage could not be read back.
    expect(apis.refused).to.equal(6 + 1);
    expect(new Set(calls.map(({ name }) => name))).to.deep.equal(new Set([`apis-${PROJECT}-serviceusage`]));
  });
});
