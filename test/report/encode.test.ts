import { expect } from "chai";
import fc from "fast-check";
import { decodeReport } from "../../report/decode.ts";
import { encodeReport, fillPage } from "../../report/encode.ts";
import { DATA_MARK } from "../../report/mark.ts";
import type { Report } from "../../report/report.ts";
import { userError } from "../support/user-error.ts";

const reportOf = (data: unknown) => ({ page: "sales", meta: {}, data, missing: {} }) as unknown as Report<unknown>;

describe("a report in its page", () => {
  it("is read back as it was, whatever is in it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (data) => {
        const report = reportOf(data);
        expect(await decodeReport(encodeReport(report))).to.deep.equal(JSON.parse(JSON.stringify(report)));
      }),
    );
  });

  it("is text that HTML takes as it is, and the same for the same report", () => {
    const report = reportOf("</script><!-- Кав’ярня");
    expect(encodeReport(report)).to.match(/^[A-Za-z0-9+/=]+$/);
    expect(encodeReport(report)).to.equal(encodeReport(structuredClone(report)));
  });

  it("takes the one place that is kept for it", async () => {
    const page = fillPage("sales.html", `<p>$& before</p>${DATA_MARK}<p>after</p>`, reportOf([1, 2]));
    const [, text = ""] = /^<p>\$& before<\/p>(.+)<p>after<\/p>$/.exec(page) ?? [];
    expect((await decodeReport(text)).data).to.deep.equal([1, 2]);
  });

  for (const [what, template] of Object.entries({ none: "<p></p>", two: DATA_MARK + DATA_MARK }))
    it(`is refused by a page that has ${what} such places`, async () => {
      const message = await userError(async () => fillPage("sales.html", template, reportOf(1)));
      expect(message).to.include("sales.html has not exactly one");
    });
});
