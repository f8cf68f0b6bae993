export type {
  Adapter,
  Alert,
  Computed,
  ComputeOutputs,
  Container,
  Done,
  Execution,
  Faults,
  JobReport,
  Listen,
  Lock,
  Mount,
  Place,
  ProviderHooks,
  Realise,
  Rehearsal,
  Runner,
  Watch,
} from "./adapter.ts";
export { monitoring } from "./alerts.ts";
export { checkGranted, checkOrder, checkRead } from "./checks.ts";
export { at, type Content, called, closureOf, type Declaration, type Declared, need, wrong } from "./declaration.ts";
export { byItsProvider } from "./dynamic.ts";
export { UserError } from "./errors.ts";
export { computeOutputs, type EvaluateOptions, evaluate } from "./evaluate.ts";
export {
  cloudRun,
  functions,
  googleAdapters,
  grant,
  recordedOnly,
  scheduler,
  secrets,
  serviceAccounts,
  storage,
} from "./google.ts";
export type { Access, Kind, Right } from "./grants.ts";
export { holding } from "./jobs.ts";
export { inherited, Stopped, type Touch } from "./processes.ts";
export { bucketFolder, logFile, perRehearsal } from "./rehearsal.ts";
export { type RehearseOptions, rehearse } from "./rehearse.ts";
export { inOrder } from "./schedules.ts";
