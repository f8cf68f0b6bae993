import { templateText } from "bigquery-clean-room";
import { expect } from "chai";
import { otherParty, PARTIES, parties } from "../../cleanroom/party.ts";
import { definitions } from "../../cleanroom/shared-views.ts";
import { templates } from "../../cleanroom/templates.ts";
import { isLingering, isMissing, isUnknownAccount } from "../../components/google/retry.ts";
import { allBefore, type Declared, declareStack, named, ofType, PROJECT } from "./stack.ts";

const space = "gcp-data-demos";
const views = definitions.map(({ name }) => name);

describe("The clean room", () => {
  let resources: Declared[];
  before(async () => {
    ({ resources } = await declareStack());
  });

  const before_ = (name: string) => [...allBefore(resources, named(resources, name))].map((each) => each.name);
  const listings = (of: readonly Declared[]) => ofType(of, "listing:Listing");
  const privacyViews = (of: readonly Declared[]) => ofType(of, "pulumi-nodejs:dynamic/bigquery-clean-room:PrivacyView");
  const subscriptions = (of: readonly Declared[]) => ofType(of, "dataExchangeSubscription:DataExchangeSubscription");

  it("has one exchange for each direction, which can never become an ordinary one and is not listed publicly", () => {
    const exchanges = ofType(resources, "dataExchange:DataExchange").map(({ inputs }) => inputs);
    expect(exchanges.map(({ dataExchangeId }) => dataExchangeId).sort()).to.deep.equal([
      "ewallet_provider_clean_room",
      "merchant_clean_room",
    ]);
    for (const exchange of exchanges) {
      expect(exchange.sharingEnvironmentConfig).to.deep.equal({ dcrExchangeConfig: {} });
      expect(exchange).not.to.have.property("discoveryType");
      expect(exchange.displayName).to.match(/^[\w &-]{1,63}$/);
    }
  });

  it("lists each view once, in a listing of its own, and allows no export", () => {
    expect(
      listings(resources)
        .map(({ inputs }) => inputs.listingId)
        .sort(),
    ).to.deep.equal([...views].sort());
    for (const { inputs } of listings(resources)) {
      const [only, ...more] = inputs.bigqueryDataset.selectedResources;
      expect(more).to.deep.equal([]);
      expect(only.table).to.match(new RegExp(`^${inputs.bigqueryDataset.dataset}/tables/${inputs.listingId}$`));
      expect(inputs.restrictedExportConfig).to.deep.equal({ enabled: true, restrictQueryResult: true });
    }
  });

  it("writes locations in lower case for Analytics Hub, and unchanged for BigQuery", () => {
    const hub = resources.filter(({ type }) => type.startsWith("gcp:bigqueryanalyticshub/"));
    expect(hub.length).to.be.above(10);
    for (const { name, inputs } of hub) expect(inputs.location, name).to.equal("us");
    for (const { inputs } of subscriptions(resources))
      expect([inputs.dataExchangeLocation, inputs.destinationDataset.location]).to.deep.equal(["us", "us"]);
    for (const { inputs } of privacyViews(resources)) expect(inputs.location).to.equal("US");
  });

  it("subscribes each party to the other's listings, in a linked dataset with a fixed name", () => {
    const found = subscriptions(resources).map(({ inputs }) => [
      inputs.dataExchangeId,
      inputs.destinationDataset.datasetReference.datasetId,
      inputs.refreshPolicy,
    ]);
    expect(found.sort()).to.deep.equal([
      ["ewallet_provider_clean_room", "linked_ewallet_provider", "ON_STALE"],
      ["merchant_clean_room", "linked_merchant", "ON_STALE"],
    ]);
    const declared = ofType(resources, "dataset:Dataset").map(({ inputs }) => inputs.datasetId);
    expect(declared).not.to.include.members(["linked_merchant"]);
  });

  it("creates views after the tables that they read, listings after views and their access, subscriptions after all listings", () => {
    for (const { name, inputs } of privacyViews(resources)) {
      const party = inputs.dataset === parties.merchant.shared ? parties.merchant : parties.wallet;
      const tables = ofType(resources, "table:Table").filter((table) => table.inputs.datasetId === party.dataset);
      expect(tables.length).to.be.above(1);
      expect(before_(name)).to.include.members(tables.map((table) => table.name));
    }
    for (const { name, inputs } of listings(resources)) {
      const side = inputs.dataExchangeId === parties.merchant.room ? "merchant" : "wallet";
      expect(before_(name)).to.include.members([
        `clean-room-${side}-shared-${inputs.listingId}`,
        `clean-room-${side}-shared-authorised`,
      ]);
    }
    for (const { name, inputs } of subscriptions(resources)) {
      const listed = listings(resources).filter((each) => each.inputs.dataExchangeId === inputs.dataExchangeId);
      expect(listed.length).to.be.above(1);
      expect(before_(name)).to.include.members(listed.map((each) => each.name));
      const side = inputs.subscriptionId === parties.merchant.linked ? "merchant" : "wallet";
      const grants = ["subscribes", "manages", "subscriptions", "asks"];
      expect(before_(name)).to.include.members(grants.map((grant) => `clean-room-${side}-account-${grant}`));
      // It does not even wait for the fill.
      expect(before_(name)).not.to.include("parties-filled");
    }
  });

  it("lets all views of the shared dataset read the party's own dataset, also views that are created again", () => {
    for (const side of ["merchant", "wallet"] as const) {
      const { inputs } = named(resources, `clean-room-${side}-shared-authorised`);
      expect(inputs.datasetId).to.equal(parties[side].dataset);
      expect(inputs.authorizedDataset.dataset.datasetId).to.equal(parties[side].shared);
      expect(inputs.authorizedDataset.targetTypes).to.deep.equal(["VIEWS"]);
      expect(inputs).not.to.have.property("role");
    }
  });

  it("lets a party's account read the party's own datasets and the linked one, and nothing else", () => {
    for (const side of ["merchant", "wallet"] as const) {
      const read = ofType(resources, "datasetAccess:DatasetAccess").filter(({ inputs }) =>
        inputs.userByEmail?.startsWith(`${side}-clean-room@`),
      );
      const { dataset, shared, linked } = parties[side];
      expect(read.map(({ inputs }) => inputs.datasetId).sort()).to.deep.equal([dataset, shared, linked].sort());
      expect(new Set(read.map(({ inputs }) => inputs.role))).to.deep.equal(new Set(["READER"]));
    }
  });

  it("replaces the grants on a linked dataset together with the subscription, and replaces the subscription for nothing else", () => {
    for (const side of ["merchant", "wallet"] as const) {
      const { urn, inputs } = named(resources, `clean-room-${side}-subscription`);
      // The engine replaces a resource with an input from a replaced resource, and not one that only depends on it.
      expect(named(resources, `clean-room-${side}-account-linked`).madeOf.datasetId).to.deep.equal([urn]);
      expect(inputs.subscriberContact).to.equal(`${side}-clean-room@${PROJECT}.iam.gserviceaccount.com`);
      expect(inputs.destinationDataset).not.to.have.property("labels");
    }
  });

  it("deletes a view before it creates one of the same name", () => {
    for (const { name, deletedFirst } of privacyViews(resources)) expect(deletedFirst, name).to.equal(true);
  });

  it("declares views as the settings change them", async () => {
    const sharedViews = {
      provider_users_shared: { threshold: 75, columns: ["hashed_email", "account_tier"] },
      transactions_shared: { rule: "aggregation_threshold", privacyUnitColumn: "order_id" },
    };
    const config = { [`${space}:sharedViews`]: JSON.stringify(sharedViews) };
    const { resources: other } = await declareStack({ config });
    const { inputs } = named(other, "clean-room-wallet-shared-provider_users_shared");
    expect(inputs.rule.aggregationThreshold.threshold).to.equal(75);
    expect(inputs.query).to.match(/^SELECT\n {2}s\.hashed_email,\n {2}s\.account_tier\nFROM/);
    // Another kind of rule needs another view, listing and name in the linked dataset. Nothing else changes.
    const names = (of: readonly Declared[]) => new Set(of.map(({ name }) => name));
    const gone = [...names(resources)].filter((name) => !names(other).has(name));
    const come = [...names(other)].filter((name) => !names(resources).has(name));
    expect(gone).to.have.members([
      "clean-room-wallet-shared-transactions_shared",
      "clean-room-wallet-transactions_shared",
    ]);
    expect(come).to.have.members(gone.map((name) => `${name}_aggregation_threshold`));
  });

  it("grants further members the roles of a party before it subscribes, groups as groups", async () => {
    // Names that differ in one sign.
    const members = { merchant: ["group:analysts@example.com"], wallet: ["user:a@example.com", "user:a@example-com"] };
    const config = { [`${space}:cleanRoomMembers`]: JSON.stringify(members) };
    const { resources: other } = await declareStack({ config });
    const group = named(other, "clean-room-merchant-group:analysts@example.com-linked").inputs;
    expect(group).to.deep.include({ groupByEmail: "analysts@example.com", role: "READER" });
    expect(named(other, "clean-room-wallet-user:a@example.com-tables").inputs.userByEmail).to.equal("a@example.com");
    const subscription = named(other, "clean-room-merchant-subscription");
    const before = [...allBefore(other, subscription)].map(({ name }) => name);
    expect(before).to.include("clean-room-merchant-group:analysts@example.com-subscribes");
  });

  describe("its query templates", () => {
    const submitted = (of: readonly Declared[]) => ofType(of, "queryTemplate:QueryTemplate");
    const approvals = (of: readonly Declared[]) =>
      ofType(of, "pulumi-nodejs:dynamic/bigquery-clean-room:QueryTemplateApproval");

    it("are submitted and approved, each in its owner's exchange, with the same text", () => {
      expect(
        approvals(resources)
          .map(({ inputs }) => inputs.routine)
          .sort(),
      ).to.deep.equal(templates.map(({ name }) => name).sort());
      for (const { name, inputs } of approvals(resources)) {
        const { owner, views } = templates.find((each) => each.name === inputs.routine) ?? expect.fail();
        const { room, dataset, shared } = parties[owner];
        const template = named(resources, name.replace(/-approval$/, "")).inputs;
        expect(template).to.deep.include({ dataExchangeId: room, submit: true, displayName: inputs.routine });
        expect(template.routine.definitionBody).to.equal(templateText(inputs));
        const id = `projects/${PROJECT}/locations/us/dataExchanges/${room}/queryTemplates/${template.queryTemplateId}`;
        expect(inputs.template).to.equal(id);
        expect(inputs.dataset).to.equal(shared);
        // It is authorised on every dataset that its text names, and on no other.
        const named_ = [...inputs.query.matchAll(/`([\w-]+)\.(\w+)\.\w+`/g)].map(
          ([, project, of]) => `${project}.${of}`,
        );
        const reads = inputs.reads.map(({ project, dataset }: Record<string, string>) => `${project}.${dataset}`);
        expect([...new Set(named_)].sort()).to.deep.equal([...reads].sort());
        for (const of of new Set(reads)) expect([`${PROJECT}.${dataset}`, `${PROJECT}.${shared}`]).to.include(of);
        if (views.length > 0) expect(reads).to.include(`${PROJECT}.${shared}`);
      }
      for (const party of PARTIES) expect(templates.map(({ owner }) => owner)).to.include(party);
    });

    it("keep a contact that Google fills in: another one would replace a submitted template, which cannot be deleted", () => {
      for (const { inputs, ignored } of submitted(resources)) {
        expect(ignored).to.deep.equal(["primaryContact"]);
        expect(inputs).not.to.have.property("primaryContact");
      }
    });

    it("are approved after they are submitted, after all views and all other changes of an access list, and before the other party subscribes", () => {
      for (const { name, inputs } of approvals(resources)) {
        const { owner } = templates.find((each) => each.name === inputs.routine) ?? expect.fail();
        const [dataset, shared] = [parties[owner].dataset, parties[owner].shared];
        const access = ofType(resources, "datasetAccess:DatasetAccess").filter((each) =>
          [dataset, shared].includes(each.inputs.datasetId),
        );
        expect(access.length).to.be.above(3);
        const views = privacyViews(resources).filter((each) => each.inputs.dataset === shared);
        expect(before_(name)).to.include.members([
          name.replace(/-approval$/, ""),
          ...[...access, ...views].map((each) => each.name),
        ]);
        expect(before_(name)).not.to.include("parties-filled");
        const subscriber = otherParty(owner);
        expect(before_(`clean-room-${subscriber}-subscription`)).to.include(name);
      }
    });

    it("get another id for another text or another revision, and keep the names that subscribers call", async () => {
      const ids = (of: readonly Declared[]) => submitted(of).map(({ inputs }) => inputs.queryTemplateId as string);
      for (const id of ids(resources)) expect(id).to.match(/^[a-z_]+_[0-9a-f]{8}$/);
      const config = { [`${space}:walletProject`]: "the-wallet", [`${space}:templatesRevision`]: "2" };
      const { resources: other } = await declareStack({ config });
      expect(ids(other).every((id) => /_[0-9a-f]{8}_2$/.test(id))).to.equal(true);
      const names = (of: readonly Declared[]) => approvals(of).map(({ name, inputs }) => `${name} ${inputs.routine}`);
      expect(names(other).sort()).to.deep.equal(names(resources).sort());
      // The e-wallet's texts name another project, and the merchant's do not.
      for (const { name, inputs } of submitted(resources)) {
        const same = `${inputs.queryTemplateId}_2` === named(other, name).inputs.queryTemplateId;
        expect(same, name).to.equal(inputs.dataExchangeId === parties.merchant.room);
      }
    });

    it("are the only way to the rows of the views that the settings reserve for them", async () => {
      const config = {
        [`${space}:templatesOnly`]: '["provider_users_shared"]',
        [`${space}:logQueryAddresses`]: "true",
        [`${space}:hashKeySecret`]: "address-key",
      };
      const { resources: other } = await declareStack({ config });
      // In the same stack, since declaring one takes seconds: both exchanges log addresses by that setting alone.
      const logs = (of: readonly Declared[]) =>
        of
          .filter(({ type }) => type === "gcp:bigqueryanalyticshub/dataExchange:DataExchange")
          .map(({ inputs }) => inputs.logLinkedDatasetQueryUserEmail);
      expect([logs(other), logs(resources)]).to.deep.equal([
        [true, true],
        [undefined, undefined],
      ]);
      // The key of the hashed addresses goes from Secret Manager to the job that fills, whose account alone may read it.
      const { inputs: fill } = named(other, "parties-fill-job");
      const { envs } = fill.template.template.containers[0];
      expect(envs.at(-1)).to.deep.equal({
        name: "HASH_KEY",
        valueSource: { secretKeyRef: { secret: "address-key", version: "latest" } },
      });
      const { inputs: may } = named(other, "parties-fill-key");
      expect(may).to.include({ secretId: "address-key", role: "roles/secretmanager.secretAccessor" });
      for (const { name, inputs } of listings(other))
        expect(inputs.allowOnlyMetadataSharing, name).to.equal(
          inputs.listingId === "provider_users_shared" ? true : undefined,
        );
      for (const { inputs } of listings(resources)) expect(inputs).not.to.have.property("allowOnlyMetadataSharing");
    });
  });

  describe("in two projects", () => {
    let split: Declared[];
    before(async () => {
      const config = { [`${space}:merchantProject`]: "the-merchant", [`${space}:walletProject`]: "the-wallet" };
      split = (await declareStack({ config })).resources;
    });

    it("shares in the owner's project, and links in the subscriber's", () => {
      for (const { inputs } of privacyViews(split)) {
        const project = inputs.dataset === parties.merchant.shared ? "the-merchant" : "the-wallet";
        expect(inputs.project).to.equal(project);
        for (const [, reads] of inputs.query.matchAll(/`([^.`]+)\.[^`]+`/g)) expect(reads).to.equal(project);
      }
      const approvals = ofType(split, "pulumi-nodejs:dynamic/bigquery-clean-room:QueryTemplateApproval");
      for (const { inputs } of approvals) {
        const project = inputs.dataset === parties.merchant.shared ? "the-merchant" : "the-wallet";
        expect(inputs.project).to.equal(project);
        expect(inputs.template).to.match(new RegExp(`^projects/${project}/`));
        for (const [, reads] of inputs.query.matchAll(/`([^.`]+)\.[^`]+`/g)) expect(reads).to.equal(project);
        for (const read of inputs.reads) expect(read.project).to.equal(project);
      }
      for (const { inputs } of [
        ...listings(split),
        ...ofType(split, "queryTemplate:QueryTemplate"),
        ...ofType(split, "dataExchange:DataExchange"),
      ])
        expect(inputs.project).to.equal(
          inputs.dataExchangeId === parties.merchant.room ? "the-merchant" : "the-wallet",
        );
      for (const { inputs } of subscriptions(split)) {
        const [own, other] =
          inputs.subscriptionId === parties.merchant.linked
            ? ["the-merchant", "the-wallet"]
            : ["the-wallet", "the-merchant"];
        expect(inputs).to.include({ project: own, dataExchangeProject: other });
        expect(inputs.destinationDataset.datasetReference.projectId).to.equal(own);
      }
    });

    it("gives each party roles on the other's exchange and on its own project, and no others", () => {
      const roles = split
        .filter(({ inputs }) => inputs.member?.startsWith("serviceAccount:merchant-clean-room@"))
        .map(({ inputs }) => `${inputs.project} ${inputs.role} ${inputs.dataExchangeId ?? ""}`.trim());
      expect(roles.sort()).to.deep.equal([
        "the-merchant roles/analyticshub.subscriptionOwner",
        "the-merchant roles/bigquery.user",
        "the-wallet roles/analyticshub.subscriber ewallet_provider_clean_room",
        "the-wallet roles/analyticshub.subscriptionOwner ewallet_provider_clean_room",
      ]);
      expect(named(split, "clean-room-merchant-account").inputs.project).to.equal("the-merchant");
    });

    it("enables in both projects the services that a party needs", () => {
      const apis = ofType(split, "service:Service").map(({ inputs }) => `${inputs.project} ${inputs.service}`);
      for (const project of ["the-merchant", "the-wallet"])
        for (const service of ["analyticshub", "bigquery", "iam"])
          expect(apis).to.include(`${project} ${service}.googleapis.com`);
    });
  });
});

describe("an error that passes by itself", () => {
  it("is a new account that BigQuery does not know yet, and not a missing dataset", () => {
    const account = "wallet-clean-room@p.iam.gserviceaccount.com";
    expect(isUnknownAccount(`googleapi: Error 400: Service account ${account} does not exist., invalid`)).to.equal(
      true,
    );
    expect(isUnknownAccount("googleapi: Error 400: Dataset p:merchant does not exist")).to.equal(false);
  });

  it("is a linked dataset that still exists after a destroy, or does not exist yet after a subscription", () => {
    expect(isLingering("googleapi: Error 409: Already Exists: Dataset p:linked_merchant")).to.equal(true);
    expect(isLingering("googleapi: Error 400: data exchange has no listings")).to.equal(false);
    expect(isMissing("googleapi: Error 404: Not found: Dataset p:linked_merchant, notFound")).to.equal(true);
    expect(isMissing("googleapi: Error 400: Invalid role 4041")).to.equal(false);
  });
});
