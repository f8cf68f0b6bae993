import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CleanRoom, NotFound, Refusal } from "analysis-rules";
import { type TableFunction, templateText } from "bigquery-clean-room";
import { expect } from "chai";
import { type Declaration, type Declared, rehearse } from "pulumi-rehearsal";
import { otherParty, parties } from "../../cleanroom/party.ts";
import { type QueryTemplate, templates } from "../../cleanroom/templates.ts";
import { adapters } from "../../local/adapters.ts";
import { PRIVACY_VIEW } from "../../local/privacy-views.ts";
import { APPROVAL, QUERY_TEMPLATE } from "../../local/query-templates.ts";
import { openRehearsedRoom } from "../../local/rehearsed-room.ts";
import { type Draft, find, forget, partOf } from "../../packages/pulumi-rehearsal/test/draft.ts";
import { userError } from "../support/user-error.ts";
import { declareStack, rehearsed } from "./support.ts";

const types = {
  view: PRIVACY_VIEW,
  access: "gcp:bigquery/datasetAccess:DatasetAccess",
  exchange: "gcp:bigqueryanalyticshub/dataExchange:DataExchange",
  role: "gcp:bigqueryanalyticshub/dataExchangeIamMember:DataExchangeIamMember",
  listing: "gcp:bigqueryanalyticshub/listing:Listing",
  subscription: "gcp:bigqueryanalyticshub/dataExchangeSubscription:DataExchangeSubscription",
  template: QUERY_TEMPLATE,
  approval: APPROVAL,
};
const WALLETS = "ewallet_provider_clean_room";

describe("The rehearsed clean room", () => {
  let declaration: Declaration;
  before(async () => {
    declaration = await declareStack();
  });

  /** Both clean rooms and their dependencies, with empty tables. */
  const wholeRooms = () =>
    partOf(
      declaration,
      ...declaration.resources.map(({ name }) => name).filter((name) => name.startsWith("clean-room-")),
    );
  /** The same with one query template: to analyse all takes ten times as long. */
  const rooms = () => {
    const draft = wholeRooms();
    const spare = new Set(templates.map(({ name }) => name).filter((name) => name !== "overlap_by_segment"));
    for (const each of [...draft.resources]) {
      const { routine, displayName } = each.inputs;
      const isOf = { [types.approval]: routine, [types.template]: displayName }[each.type];
      if (spare.has(String(isOf))) forget(draft, each);
    }
    return draft;
  };
  const listing = (draft: Draft, view: string) => find(draft, types.listing, { listingId: view });
  const selected = (each: Declared) =>
    (each.inputs.bigqueryDataset as { selectedResources: { table: string }[] }).selectedResources;

  async function opened<T>(
    change: (draft: Draft) => void,
    work: (room: CleanRoom) => Promise<T>,
    draft = rooms(),
  ): Promise<T> {
    change(draft);
    const out = await mkdtemp(join(tmpdir(), "clean-room-"));
    try {
      await rehearse(draft, { out, adapters });
      const room = await openRehearsedRoom(out);
      return await work(room).finally(() => room.close());
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  }
  describe("follows the declaration:", () => {
    /** The names that a party can use, from the error for an unknown name, which lists them. */
    const visible = (room: CleanRoom, party: "merchant" | "wallet") =>
      room.ask(party, "SELECT 1 FROM elsewhere.thing").then(
        () => expect.fail("it was found"),
        (error: NotFound) => error.visible,
      );

    it("each party can name its own tables and views, and those that the other party lists", () =>
      opened(
        () => {},
        async (room) => {
          expect(await visible(room, "merchant")).to.deep.equal([
            "linked_ewallet_provider.provider_users_shared",
            "linked_ewallet_provider.transactions_private",
            "linked_ewallet_provider.transactions_shared",
            "merchant.distribution_centers",
            "merchant.order_items",
            "merchant.order_payments",
            "merchant.orders",
            "merchant.products",
            "merchant.users",
            "merchant_shared.customer_segments_shared",
            "merchant_shared.users_shared",
          ]);
          expect(await visible(room, "wallet")).to.deep.equal([
            "ewallet_provider.provider_users",
            "ewallet_provider.transactions",
            "ewallet_provider_shared.provider_users_shared",
            "ewallet_provider_shared.transactions_private",
            "ewallet_provider_shared.transactions_shared",
            "linked_merchant.customer_segments_shared",
            "linked_merchant.users_shared",
          ]);
        },
      ));

    it("a view that is not listed cannot be named by the other party", () =>
      opened(
        (draft) => forget(draft, listing(draft, "transactions_shared")),
        async (room) => {
          expect(await visible(room, "merchant")).not.to.include("linked_ewallet_provider.transactions_shared");
          expect(await visible(room, "wallet")).to.include("ewallet_provider_shared.transactions_shared");
        },
      ));

    it("without a subscription, a party cannot name any view of the other party", () =>
      opened(
        (draft) => {
          const linked = find(draft, types.access, { datasetId: "linked_merchant" });
          forget(draft, linked);
          forget(draft, find(draft, types.subscription, { dataExchangeId: "merchant_clean_room" }));
        },
        async (room) => {
          expect((await visible(room, "wallet")).filter((name) => name.startsWith("linked"))).to.deep.equal([]);
          expect((await visible(room, "merchant")).filter((name) => name.startsWith("linked"))).to.have.length(3);
        },
      ));

    it("without a grant to read it, a party cannot name a linked dataset", () =>
      opened(
        (draft) => forget(draft, find(draft, types.access, { datasetId: "linked_merchant" })),
        async (room) => {
          expect((await visible(room, "wallet")).filter((name) => name.startsWith("linked"))).to.deep.equal([]);
        },
      ));

    it("the declared threshold is enforced", () =>
      opened(
        (draft) => {
          const view = find(draft, types.view, { view: "provider_users_shared" });
          view.inputs.rule = structuredClone(view.inputs.rule);
          (view.inputs.rule as { aggregationThreshold: { threshold: number } }).aggregationThreshold.threshold = 77;
        },
        async (room) => {
          const { explanation } = await room.ask(
            "merchant",
            `SELECT WITH AGGREGATION_THRESHOLD COUNT(*) AS n FROM merchant.users AS u
             JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email`,
          );
          expect(explanation.thresholds.map(({ threshold }) => threshold)).to.deep.equal([77]);
        },
      ));
  });

  describe("offers query templates:", () => {
    const problem = (room: CleanRoom, party: "merchant" | "wallet", sql: string) =>
      room.ask(party, sql).then(
        () => expect.fail(`answered: ${sql}`),
        (error: Error) => error,
      );

    it("each party calls those of the other one, and the owner calls its own", () =>
      opened(
        () => {},
        async (room) => {
          for (const { owner, example, name } of templates) {
            const asker = otherParty(owner);
            const explanation = await room.check(asker, example());
            expect(
              explanation.templates.map(({ template }) => template),
              name,
            ).to.deep.equal([`${parties[asker].linked}.${name}`]);
          }
          const missing = await problem(room, "merchant", "SELECT * FROM linked_ewallet_provider.nothing()");
          expect(missing).to.be.instanceOf(NotFound);
          const ofOwner = templates
            .filter(({ owner }) => owner === "wallet")
            .map(({ name }) => `linked_ewallet_provider.${name}`);
          expect((missing as NotFound).visible).to.include.members(ofOwner);
        },
        wholeRooms(),
      ));

    it("a view that shares its columns only is read by the templates alone", () =>
      opened(
        (draft) => {
          listing(draft, "provider_users_shared").inputs.allowOnlyMetadataSharing = true;
        },
        async (room) => {
          const refused = await problem(
            room,
            "merchant",
            `SELECT WITH AGGREGATION_THRESHOLD COUNT(*) FROM merchant.users AS u
             JOIN linked_ewallet_provider.provider_users_shared AS p USING (hashed_email)`,
          );
          expect(refused).to.be.instanceOf(Refusal).with.property("rule", "metadata only");
          expect(refused.message).to.match(/^Access Denied: Table .*linked_ewallet_provider\.provider_users_shared/);
          const { example } = templates.find(({ views }) => views.includes("provider_users_shared")) as QueryTemplate;
          expect((await room.ask("merchant", example())).rows).to.deep.equal([]);
        },
        wholeRooms(),
      ));
  });

  describe("fails for what the cloud would refuse, and names the resource:", () => {
    async function fails(change: (draft: Draft) => void, ...said: string[]): Promise<void> {
      const draft = rooms();
      change(draft);
      const message = await userError(() => rehearsed(draft));
      for (const words of said) expect(message).to.contain(words);
    }

    it("a subscription before a listing of its exchange", () =>
      fails(
        (draft) => {
          const urn = listing(draft, "transactions_shared").urn;
          for (const each of draft.resources) each.dependencies = each.dependencies.filter((other) => other !== urn);
        },
        types.subscription,
        "shows only what is listed before it",
      ));

    it("a subscription to an exchange without listings", () =>
      fails(
        (draft) => {
          const listed = [types.listing, types.template, types.approval];
          for (const each of draft.resources.filter(
            ({ type, inputs }) =>
              listed.includes(type) && `${inputs.dataExchangeId} ${inputs.template}`.includes(WALLETS),
          ))
            forget(draft, each);
        },
        types.subscription,
        "an exchange with no listing",
      ));

    it("a subscription without a grant to subscribe", () =>
      fails(
        (draft) => {
          const role = "roles/analyticshub.subscriber";
          for (const each of draft.resources.filter(({ type, inputs }) => type === types.role && inputs.role === role))
            if (each.inputs.dataExchangeId === WALLETS) forget(draft, each);
        },
        types.subscription,
        "declare roles/analyticshub.subscriber on the exchange",
      ));

    it("a linked dataset with the name of another dataset", () =>
      fails(
        (draft) => {
          const subscription = find(draft, types.subscription, { dataExchangeId: WALLETS });
          const destination = subscription.inputs.destinationDataset as { datasetReference: { datasetId: string } };
          destination.datasetReference.datasetId = "merchant";
        },
        types.subscription,
        "creates the linked dataset merchant, which is declared already",
      ));

    it("a linked dataset in another project than the subscriber's", () =>
      fails(
        (draft) => {
          const subscription = find(draft, types.subscription, { dataExchangeId: WALLETS });
          const destination = subscription.inputs.destinationDataset as { datasetReference: { projectId: string } };
          destination.datasetReference.projectId = "elsewhere";
        },
        types.subscription,
        "in the project elsewhere",
      ));

    it("a listing of a view that is not declared", () =>
      fails(
        (draft) => {
          const [view] = selected(listing(draft, "transactions_shared"));
          if (view) view.table = view.table.replace("transactions_shared", "payments_shared");
        },
        "transactions_shared",
        types.listing,
        "payments_shared, but no view with an analysis rule is declared by that name",
      ));

    it("a listing of a plain table", () =>
      fails(
        (draft) => {
          const [view] = selected(listing(draft, "transactions_shared"));
          if (view) view.table = view.table.replace(/datasets.*/, "datasets/ewallet_provider/tables/transactions");
        },
        types.listing,
        "no view with an analysis rule is declared by that name",
      ));

    it("two listings of views with the same name in one clean room", () =>
      fails(
        (draft) => {
          const [view] = selected(listing(draft, "transactions_shared"));
          if (view) view.table = view.table.replace("transactions_shared", "provider_users_shared");
        },
        types.listing,
        "names in a clean room are unique",
      ));

    it("a listing that allows exports", () =>
      fails(
        (draft) => {
          delete listing(draft, "users_shared").inputs.restrictedExportConfig;
        },
        "users_shared",
        "restrictedExportConfig.enabled",
      ));

    it("a listing of a view that its source does not authorise", () =>
      fails(
        (draft) => {
          const access = draft.resources.find(
            ({ type, inputs }) => type === types.access && inputs.datasetId === "merchant" && inputs.authorizedDataset,
          );
          if (access) forget(draft, access);
        },
        types.listing,
        "which the dataset merchant does not authorise",
      ));

    const approval = (draft: Draft) => find(draft, types.approval, { routine: "overlap_by_segment" });
    const template = (draft: Draft) => find(draft, types.template, { displayName: "overlap_by_segment" });

    it("a query template that is not submitted", () =>
      fails(
        (draft) => {
          delete template(draft).inputs.submit;
        },
        types.approval,
        "which is a draft: set its `submit`",
      ));

    it("a query template that is not approved", () =>
      fails((draft) => forget(draft, approval(draft)), types.template, "is never approved, so nobody can call it"));

    it("an approval of another text", () =>
      fails(
        (draft) => {
          approval(draft).inputs.query = "SELECT 1 AS one";
        },
        types.approval,
        "has another text than",
      ));

    it("an approval of a template that is not declared", () =>
      fails(
        (draft) => {
          approval(draft).inputs.template = "projects/p/locations/us/dataExchanges/e/queryTemplates/t";
        },
        types.approval,
        "approves projects/p/locations/us/dataExchanges/e/queryTemplates/t, which is not declared",
      ));

    /** Gives a template another query. */
    const rewrite = (draft: Draft, change: (query: string) => string) => {
      const { inputs } = approval(draft);
      inputs.query = change(String(inputs.query));
      const definitionBody = templateText(inputs as unknown as TableFunction);
      template(draft).inputs.routine = { routineType: "TABLE_VALUED_FUNCTION", definitionBody };
    };

    it("a template whose function is not authorised on what it reads", () =>
      fails(
        (draft) => {
          const { inputs } = approval(draft);
          inputs.reads = (inputs.reads as { dataset: string }[]).filter(
            ({ dataset }) => dataset !== "ewallet_provider",
          );
        },
        types.approval,
        "its function is not authorised on ewallet_provider: add that dataset to `reads`",
      ));

    it("a template that reads the tables of two owners", () =>
      fails(
        (draft) =>
          rewrite(draft, (query) =>
            query
              .replace(/`([\w-]+)\.ewallet_provider\.provider_users`/, "`$1.merchant.users`")
              .replace(/payment_volume/g, "id"),
          ),
        types.approval,
        "of the merchant: a template reads one owner's data",
      ));

    it("a template that is wrong", () =>
      fails(
        (draft) => rewrite(draft, (query) => query.replace("COUNTIF(", "COUNTIF(no_such AND ")),
        types.approval,
        "its query fails: Unrecognized name: no_such",
      ));

    it("a template that breaks its owner's own rule", () =>
      fails(
        (draft) => rewrite(draft, (query) => query.replace("SELECT WITH AGGREGATION_THRESHOLD", "SELECT")),
        types.approval,
        "its query fails: You must use SELECT WITH AGGREGATION_THRESHOLD",
      ));

    it("a template that is listed after the subscription", () =>
      fails(
        (draft) => {
          const { urn } = approval(draft);
          for (const each of draft.resources) each.dependencies = each.dependencies.filter((other) => other !== urn);
        },
        types.subscription,
        "shows only what is listed before it",
      ));

    it("a location in upper case", () =>
      fails(
        (draft) => {
          for (const each of draft.resources) if (each.inputs.location === "us") each.inputs.location = "US";
        },
        types.exchange,
        'location is "US": Analytics Hub takes lower case only, "us"',
      ));

    it("an exchange that is not a clean room", () =>
      fails(
        (draft) => {
          delete find(draft, types.exchange, { dataExchangeId: WALLETS }).inputs.sharingEnvironmentConfig;
        },
        WALLETS,
        "is not a clean room",
      ));

    it("a view of a table that is not declared, or that may be created later", async () => {
      await fails(
        (draft) => {
          const view = find(draft, types.view, { view: "transactions_shared" });
          view.inputs.query = String(view.inputs.query).replace("transactions`", "payments`");
        },
        "transactions_shared",
        "payments, but no party has such a table",
      );
      await fails(
        (draft) => {
          const table = find(draft, "gcp:bigquery/table:Table", { tableId: "transactions" });
          for (const each of draft.resources)
            each.dependencies = each.dependencies.filter((other) => other !== table.urn);
        },
        types.view,
        "may be created before",
      );
    });

    it("a view whose query is wrong, and one whose rule BigQuery refuses", async () => {
      await fails(
        (draft) => {
          const view = find(draft, types.view, { view: "transactions_shared" });
          view.inputs.query = String(view.inputs.query).replace("SELECT", "SELECT TYPO(");
        },
        "transactions_shared",
        "Syntax error",
      );
      await fails(
        (draft) => {
          find(draft, types.view, { view: "transactions_shared" }).inputs.rule = {
            joinRestriction: { condition: "JOIN_ANY", columns: ["nothing"] },
          };
        },
        "transactions_shared",
        "nothing",
      );
    });
  });
});
