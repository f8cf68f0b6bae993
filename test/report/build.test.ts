import { readFileSync } from "node:fs";
import { expect } from "chai";
import { buildPages, readDefinitions } from "../../report/build.ts";
import { DATA_MARK } from "../../report/template.ts";

describe("the built pages", () => {
  const { files, hash } = buildPages();
  const pages = Object.entries(files).map(([name, path]) => ({ name, html: readFileSync(path, "utf8") }));

  it("are four files, each with one place for its data", () => {
    expect(Object.keys(files)).to.have.members(["sales.html", "customers.html", "clean-room.html", "index.html"]);
    for (const { html } of pages) expect(html.split(DATA_MARK)).to.have.length(2);
  });

  it("have the same bytes for the same sources", () => {
    expect(buildPages().hash)
      .to.equal(hash)
      .and.to.match(/^[0-9a-f]{8}$/);
    for (const { name, html } of pages) expect(readFileSync(files[name] as string, "utf8")).to.equal(html);
  });

  it("refer to nothing outside themselves, which their policy also forbids", () => {
    for (const { html } of pages) {
      expect(html).to.contain("default-src 'none'");
      expect(html).not.to.match(/<(?:link|script|img|iframe)\b[^>]+(?:src|href)="(?!data:)/);
      const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
      expect(style)
        .to.contain("--accent")
        .and.not.to.match(/@import|url\(/);
    }
  });

  it("are smaller than 400 kB without their data", () => {
    for (const { html } of pages) expect(html.length).to.be.lessThan(400_000);
  });

  it("contain the definitions of the models, and the licences of the packages inside", () => {
    const { ltv = "", churn = "" } = readDefinitions();
    for (const { html } of pages) {
      expect(html).to.contain(ltv.slice(0, 30)).and.to.contain(churn.slice(0, 30));
      expect(html).to.match(/@observablehq\/plot\n\nCopyright 20\d\d.* Observable, Inc\./);
      expect(html).to.contain("d3-array").and.to.contain("Mike Bostock");
    }
  });
});
