export { answerPrivately, checkPrivately, type Means } from "./answer.ts";
export { BUDGET_FILE, type Ledger, left, openLedger, type Spent } from "./ledger.ts";
export { type PrivateSelect, privateSelect } from "./select.ts";
