import { expect } from "chai";
import { Apis, firstApis, partyApis, servicesOf, stackApis } from "../../components/google/apis.ts";
import { allBefore, declare, named, ofType } from "./stack.ts";

const MAIN = "main-project";
const WALLET = "wallet-project";

async function declareApis(parties: readonly string[]) {
  const { resources } = await declare(() => {
    new Apis("apis", { services: servicesOf(MAIN, parties) });
  });
  const services = ofType(resources, "service:Service");
  const first = services.filter(({ name }) => /-(serviceusage|cloudresourcemanager)$/.test(name));
  return { resources, services, first, others: services.filter((each) => !first.includes(each)) };
}

describe("Apis", () => {
  it("enables Service Usage and Resource Manager first, and every other service of the project after both", async () => {
    const { resources, first, others } = await declareApis([MAIN, MAIN]);
    expect(first.map(({ inputs }) => inputs.service)).to.have.members([
      "serviceusage.googleapis.com",
      "cloudresourcemanager.googleapis.com",
    ]);
    for (const service of first)
      expect(ofType([...allBefore(resources, service)], "service:Service")).to.deep.equal([]);
    expect(others).to.have.length(stackApis.length);
    for (const service of others) expect(service.dependencies).to.include.members(first.map(({ urn }) => urn));
  });

  it("waits for both of every project, since Google may count a call to the caller's project", async () => {
    const { first, others } = await declareApis([MAIN, WALLET]);
    expect(first.map(({ inputs }) => `${inputs.project} ${inputs.service}`)).to.have.members(
      [MAIN, WALLET].flatMap((project) => firstApis.map((service) => `${project} ${service}.googleapis.com`)),
    );
    expect(others).to.have.length(stackApis.length + partyApis.length);
    for (const service of others) expect(service.dependencies).to.include.members(first.map(({ urn }) => urn));
  });

  it("enables each service of a project once, and leaves all of them enabled at a destroy", async () => {
    const { services } = await declareApis([WALLET, WALLET]);
    const enabled = services.map(({ inputs }) => `${inputs.project} ${inputs.service}`);
    expect(new Set(enabled).size).to.equal(enabled.length);
    for (const { inputs } of services) expect(inputs.disableOnDestroy).to.equal(false);
  });

  it("keeps the names that stacks know the services by", async () => {
    const { resources } = await declareApis([MAIN, WALLET]);
    named(resources, "apis-main-project-bigquery");
    named(resources, "apis-wallet-project-cloudresourcemanager");
  });
});
