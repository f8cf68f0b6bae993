import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CleanRoom, NotFound, Refusal } from "analysis-rules";
import { expect } from "chai";
import { type Declaration, rehearse } from "pulumi-rehearsal";
import { otherParty, parties } from "../../cleanroom/party.ts";
import { type QueryTemplate, templates } from "../../cleanroom/templates.ts";
import { adapters } from "../../local/adapters.ts";
import { openRehearsedRoom } from "../../local/rehearsed-room.ts";
import { userError } from "../support/user-error.ts";
import { type Draft, type Fault, find, forget, listing, rooms, types } from "./clean-room/draft.ts";
import { sharingFaults } from "./clean-room/sharing-faults.ts";
import { TEMPLATE, templateFaults } from "./clean-room/template-faults.ts";
import { viewFaults } from "./clean-room/view-faults.ts";
import { declareStack, rehearsed } from "./support.ts";

/** Opens a clean room once for all tests of a block. @param draft what it is made from */
function openedFrom(draft: () => Draft): () => CleanRoom {
  let out: string;
  let room: CleanRoom | undefined;
  before(async () => {
    out = await mkdtemp(join(tmpdir(), "clean-room-"));
    await rehearse(draft(), { out, adapters });
    room = await openRehearsedRoom(out);
  });
  after(async () => {
    await room?.close();
    await rm(out, { recursive: true, force: true });
  });
  return () => room as CleanRoom;
}

describe("The rehearsed clean room", () => {
  let declaration: Declaration;
  before(async () => {
    declaration = await declareStack();
  });

  const problem = (room: CleanRoom, party: "merchant" | "wallet", sql: string) =>
    room.ask(party, sql).then(
      () => expect.fail(`answered: ${sql}`),
      (error: Error) => error,
    );
  /** The names that a party can use, from the error for an unknown name, which lists them. */
  const visible = async (room: CleanRoom, party: "merchant" | "wallet") =>
    ((await problem(room, party, "SELECT 1 FROM elsewhere.thing")) as NotFound).visible;

  describe("as it is declared", () => {
    const room = openedFrom(() => rooms(declaration));

    it("lets each party name its own tables and views, and those that the other party lists", async () => {
      expect(await visible(room(), "merchant")).to.deep.equal([
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
      expect(await visible(room(), "wallet")).to.deep.equal([
        "ewallet_provider.provider_users",
        "ewallet_provider.transactions",
        "ewallet_provider_shared.provider_users_shared",
        "ewallet_provider_shared.transactions_private",
        "ewallet_provider_shared.transactions_shared",
        "linked_merchant.customer_segments_shared",
        "linked_merchant.users_shared",
      ]);
    });

    it("lets a party read the rows of a view that the other one lists", async () => {
      const { views } = await room().check(
        "merchant",
        `SELECT WITH AGGREGATION_THRESHOLD COUNT(*) FROM merchant.users AS u
         JOIN linked_ewallet_provider.provider_users_shared AS p USING (hashed_email)`,
      );
      expect(views.map(({ view }) => view)).to.deep.equal(["linked_ewallet_provider.provider_users_shared"]);
    });

    it("lets each party call the query templates of the other one, and the owner its own", async () => {
      for (const { owner, example, name } of templates) {
        const asker = otherParty(owner);
        const explanation = await room().check(asker, example());
        expect(
          explanation.templates.map(({ template }) => template),
          name,
        ).to.deep.equal([`${parties[asker].linked}.${name}`]);
      }
      const missing = await problem(room(), "merchant", "SELECT * FROM linked_ewallet_provider.nothing()");
      expect(missing).to.be.instanceOf(NotFound);
      const ofOwner = templates
        .filter(({ owner }) => owner === "wallet")
        .map(({ name }) => `linked_ewallet_provider.${name}`);
      expect((missing as NotFound).visible).to.include.members(ofOwner);
    });
  });

  // The changes concern different views and parties, so they share one room.
  describe("follows a changed declaration:", () => {
    const onColumnsOnly = templates.find(({ views }) => views.includes("provider_users_shared")) as QueryTemplate;
    const room = openedFrom(() => {
      const draft = rooms(declaration, [onColumnsOnly.name]);
      forget(draft, listing(draft, "transactions_shared"));
      forget(draft, find(draft, types.access, { datasetId: "linked_merchant" }));
      listing(draft, "provider_users_shared").inputs.allowOnlyMetadataSharing = true;
      const view = find(draft, types.view, { view: "customer_segments_shared" });
      view.inputs.rule = structuredClone(view.inputs.rule);
      (view.inputs.rule as { aggregationThreshold: { threshold: number } }).aggregationThreshold.threshold = 77;
      return draft;
    });

    it("a view that is not listed cannot be named by the other party", async () => {
      expect(await visible(room(), "merchant"))
        .to.include("linked_ewallet_provider.provider_users_shared")
        .and.not.include("linked_ewallet_provider.transactions_shared");
      expect(await visible(room(), "wallet")).to.include("ewallet_provider_shared.transactions_shared");
    });

    it("without a grant to read it, a party cannot name a linked dataset", async () => {
      expect((await visible(room(), "wallet")).filter((name) => name.startsWith("linked"))).to.deep.equal([]);
    });

    it("the declared threshold is enforced", async () => {
      const { explanation } = await room().ask(
        "merchant",
        `SELECT WITH AGGREGATION_THRESHOLD COUNT(*) AS n FROM merchant.users AS u
         JOIN merchant_shared.customer_segments_shared AS s ON s.hashed_email = u.hashed_email`,
      );
      expect(explanation.thresholds.map(({ threshold }) => threshold)).to.deep.equal([77]);
    });

    it("a view that shares its columns only is read by the templates alone", async () => {
      const refused = await problem(
        room(),
        "merchant",
        `SELECT WITH AGGREGATION_THRESHOLD COUNT(*) FROM merchant.users AS u
         JOIN linked_ewallet_provider.provider_users_shared AS p USING (hashed_email)`,
      );
      expect(refused).to.be.instanceOf(Refusal).with.property("rule", "metadata only");
      expect(refused.message).to.match(/^Access Denied: Table .*linked_ewallet_provider\.provider_users_shared/);
      expect((await room().ask("merchant", onColumnsOnly.example())).rows).to.deep.equal([]);
    });
  });

  describe("without a subscription", () => {
    const room = openedFrom(() => {
      const draft = rooms(declaration, []);
      forget(draft, find(draft, types.access, { datasetId: "linked_merchant" }));
      forget(draft, find(draft, types.subscription, { dataExchangeId: "merchant_clean_room" }));
      return draft;
    });

    it("lets a party name no view of the other party", async () => {
      expect((await visible(room(), "wallet")).filter((name) => name.startsWith("linked"))).to.deep.equal([]);
      expect((await visible(room(), "merchant")).filter((name) => name.startsWith("linked"))).to.have.length(3);
    });
  });

  describe("fails for what the cloud would refuse, and names the resource:", () => {
    const failFor = (faults: readonly Fault[], kept: readonly string[]) => {
      for (const { what, change, said } of faults)
        it(what, async () => {
          const draft = rooms(declaration, kept);
          change(draft);
          const message = await userError(() => rehearsed(draft));
          for (const words of said) expect(message).to.contain(words);
        });
    };
    failFor(sharingFaults, []);
    failFor(viewFaults, []);
    failFor(templateFaults, [TEMPLATE]);
  });
});
