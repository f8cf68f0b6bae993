import { expect } from "chai";
import fc from "fast-check";
import { decodeReport, type Report } from "../../report/report.ts";
import { DATA_MARK, encodeReport, fillPage } from "../../report/template.ts";
import { userError } from "../support/user-error.ts";

const reportOf = (data: unknown) => ({ page: "sales", meta: {}, data, missing: {} }) as unknown as Report<unknown>;

describe("a report in its page", () => {
  it("is decoded as it was encoded, whatever it contains", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (data) => {
        const report = reportOf(data);
        expect(await decodeReport(encodeReport(report))).to.deep.equal(JSON.parse(JSON.stringify(report)));
      }),
    );
  });

  it("is text that needs no escaping in HTML, and the same for the same report", () => {
    const report = reportOf("</script><!-- Кав’ярня");
    expect(encodeReport(report)).to.match(/^[A-Za-z0-9+/=]+$/);
    expect(encodeReport(report)).to.equal(encodeReport(structuredClone(report)));
  });

  it("replaces the mark in the page", async () => {
    const page = fillPage("sales.html", `<p>$& before</p>${DATA_MARK}<p>after</p>`, reportOf([1, 2]));
    const [, text = ""] = /^<p>\$& before<\/p>(.+)<p>after<\/p>$/.exec(page) ?? [];
    expect((await decodeReport(text)).data).to.deep.equal([1, 2]);
  });

  for (const [marks, template] of Object.entries({ none: "<p></p>", two: DATA_MARK + DATA_MARK }))
    it(`does not go into a page that has ${marks === "none" ? "no mark" : "two marks"}`, async () => {
      const message = await userError(async () => fillPage("sales.html", template, reportOf(1)));
      expect(message).to.include("sales.html must contain __REPORT_DATA__ exactly once");
    });
});
