import type { CustomersReport } from "../shape.ts";
import { instead } from "./frame.ts";
export function customersPage({ missing }: CustomersReport): void {
  instead(missing.customers ?? "…");
}
