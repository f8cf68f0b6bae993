export type { AnalysisRule } from "analysis-rules/policy";
export { JobRun, type JobRunArgs } from "./job-run.ts";
export { PrivacyView, type PrivacyViewArgs } from "./privacy-view.ts";
