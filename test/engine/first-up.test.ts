import { expect } from "chai";
import { firstApis, partyApis, stackApis } from "../../components/google/apis.ts";
import { PROJECT } from "../components/stack.ts";
import { type Engine, findPulumi, howToGetPulumi, startEngine } from "./engine.ts";

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

  /** The services in the order in which they were enabled, such as `demo-project-run`. */
  const enabled = () => [
    ...new Set(
      engine.google.calls.flatMap(({ done, kind, name }) =>
        done === "create" && kind === "Service" ? [name.replace(/^apis-/, "")] : [],
      ),
    ),
  ];
  const servicesIn = (project: string, services: readonly string[]) =>
    services.map((service) => `${project}-${service}`);

  const cases = [
    { where: "one project", config: {}, parties: [] },
    {
      where: "three projects, one for each party",
      config: { merchantProject: { value: MERCHANT }, walletProject: { value: WALLET } },
      parties: [MERCHANT, WALLET],
    },
  ];
  for (const { where, config, parties } of cases)
    it(`suffices in ${where}, though Google refuses whatever is off or only starting`, async () => {
      await engine.stack.setAllConfig(config);
      const { summary } = await engine.stack.up();
      expect(summary.result).to.equal("succeeded");

      expect(engine.google.apis.refused).to.be.above(0);
      const first = [PROJECT, ...parties].flatMap((project) => servicesIn(project, firstApis));
      expect(enabled().slice(0, first.length)).to.have.members(first);
      expect(enabled()).to.have.members([
        ...first,
        ...servicesIn(PROJECT, stackApis),
        ...parties.flatMap((party) => servicesIn(party, partyApis)),
      ]);
      const kinds = engine.google.calls.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "DataExchangeSubscription")).to.have.length(2);
      expect(engine.runs.requests.filter(({ path }) => path.endsWith(":run"))).to.have.length(6);
    });

  it("fails with Google's message if a service may not be enabled, after six tries, and creates nothing that needs it", async () => {
    const { apis, calls } = engine.google;
    apis.denied.add("cloudresourcemanager");
    const said = await engine.stack.up().catch(({ message }: Error) => message);
    expect(said).to.include("Permission denied to enable service [cloudresourcemanager.googleapis.com]");
    // One more: Service Usage could not be read back.
    expect(apis.refused).to.equal(6 + 1);
    expect(new Set(calls.map(({ name }) => name))).to.deep.equal(new Set([`apis-${PROJECT}-serviceusage`]));
  });
});
