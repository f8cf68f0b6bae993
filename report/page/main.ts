import type { CleanRoomReport } from "../clean-room/shape.ts";
import type { CustomersReport } from "../customers/shape.ts";
import type { IndexReport } from "../highlights.ts";
import { decodeReport, type Report } from "../report.ts";
import type { SalesReport } from "../sales/shape.ts";
import { cleanRoomPage } from "./clean-room/page.ts";
import { customersPage } from "./customers/page.ts";
import { h } from "./dom.ts";
import { goToSection } from "./drawing.ts";
import { frame } from "./frame.ts";
import { indexPage } from "./index-page.ts";
import { salesPage } from "./sales/page.ts";

/* Reads the report from the file and shows its page. */

async function start(): Promise<void> {
  const report: Report<unknown> = await decodeReport(document.getElementById("data")?.textContent ?? "");
  frame(report);
  if (report.page === "sales") salesPage(report as SalesReport);
  else if (report.page === "customers") customersPage(report as CustomersReport);
  else if (report.page === "clean-room") cleanRoomPage(report as CleanRoomReport);
  else indexPage(report as IndexReport);
  document.body.dataset.ready = "true";
  goToSection();
}

start().catch((error: unknown) => {
  const main = document.getElementById("main");
  main?.replaceChildren(
    h(
      "p",
      { class: "note", role: "alert" },
      "This file is incomplete. Download it again, or make it again with npm start.",
    ),
  );
  throw error;
});
