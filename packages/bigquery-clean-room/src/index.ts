export type { AnalysisRule } from "analysis-rules/policy";
export { JobRun, type JobRunArgs } from "./job-run.ts";
export { PrivacyView, type PrivacyViewArgs } from "./privacy-view.ts";
export { QueryTemplateApproval, type QueryTemplateApprovalArgs } from "./query-template-approval.ts";
export { type TableFunction, type TemplateParameter, templateText } from "./template-text.ts";
