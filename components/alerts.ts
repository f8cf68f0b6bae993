import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { childOf, type Place } from "./google/place.ts";

/** The hours without new reports before the alert: a day, and two hours for a late night. */
const HOURS = 26;
/** Of these, the hours in which the query looks for reports; for the others, it must have found none. More than a day is a preview feature. */
const LOOKBACK = 23;

export interface AlertsArgs {
  /** The project and the labels. */
  readonly place: Place;
  /** The addresses that alerts go to; without any, nothing is declared. */
  readonly emails: readonly string[];
  /** The Cloud Run jobs whose failed executions raise an alert, by short name. */
  readonly jobs: readonly string[];
  /** The functions whose errors raise an alert. */
  readonly functions: readonly string[];
  /** The schedules whose refused calls raise an alert. */
  readonly schedules: readonly string[];
  /** The metric that counts the nights whose reports have all data. @default none, and no alert about the reports */
  readonly nights?: pulumi.Input<string>;
}

/**
 * E-mails people when the nightly run fails: an e-mail channel for each address, and alert policies for failed jobs, failed functions, refused
 * schedules, and reports that have not had new data for 26 hours.
 */
export class Alerts extends pulumi.ComponentResource {
  /** The channels, `projects/P/notificationChannels/C`. */
  readonly channels: readonly pulumi.Output<string>[];

  constructor(name: string, args: AlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:Alerts", name, {}, opts);
    const { place, emails, jobs, functions, schedules, nights } = args;
    const { project, labels } = place;
    const child = childOf(this, opts);
    this.channels = emails.map(
      (email) =>
        new gcp.monitoring.NotificationChannel(
          `${name}-to-${email}`,
          { project, displayName: email, type: "email", labels: { email_address: email }, userLabels: labels },
          child,
        ).name,
    );
    this.registerOutputs({ channels: this.channels });
    if (emails.length === 0) return;

    const policy = (part: string, { displayName, content, condition, alertStrategy }: Policy) =>
      new gcp.monitoring.AlertPolicy(
        `${name}-${part}`,
        {
          project,
          displayName,
          combiner: "OR",
          notificationChannels: [...this.channels],
          userLabels: labels,
          documentation: { content, mimeType: "text/markdown" },
          conditions: [{ displayName, ...condition }],
          alertStrategy: { autoClose: "86400s", ...alertStrategy },
        },
        child,
      );
    policy("job", {
      displayName: "A job failed",
      content: `An execution of \`\${metric_or_resource.label.job_name}\` failed. ${ADVICE}`,
      condition: {
        conditionPrometheusQueryLanguage: {
          query: `sum by (job_name) (increase(run_googleapis_com:job_completed_execution_count{monitored_resource="cloud_run_job",job_name=~"${jobs.join("|")}",result="failed"}[10m])) > 0`,
          duration: "0s",
          evaluationInterval: "60s",
          // A new project does not know the metric before its first job has ended, and would refuse the policy.
          disableMetricValidation: true,
        },
      },
    });
    if (functions.length > 0)
      policy("function", {
        displayName: "A function failed",
        content: `The function \`\${log.extracted_label.function}\` answered with an error, or could not start. ${ADVICE}`,
        condition: {
          conditionMatchedLog: {
            // A step that waits for the step before it answers 503. So does Cloud Run if the function cannot start, and adds the reason as a text.
            filter: all(
              'resource.type="cloud_run_revision"',
              oneOf("resource.labels.service_name", functions),
              'logName:"run.googleapis.com%2Frequests"',
              "httpRequest.status>=500",
              "(httpRequest.status!=503 OR textPayload:*)",
            ),
            labelExtractors: { function: "EXTRACT(resource.labels.service_name)" },
          },
        },
        alertStrategy: { notificationRateLimit: { period: "3600s" } },
      });
    if (schedules.length > 0)
      policy("schedule", {
        displayName: "A schedule was refused",
        content: `A call of a schedule was refused. ${ADVICE}`,
        condition: {
          conditionMatchedLog: {
            // The function's own alert reports its errors, and 503 means that a step waits.
            filter: all(
              'resource.type="cloud_scheduler_job"',
              oneOf("resource.labels.job_id", schedules),
              "severity>=ERROR",
              "NOT httpRequest.status>=500",
              'NOT jsonPayload.status="UNAVAILABLE"',
            ),
            labelExtractors: { schedule: "EXTRACT(resource.labels.job_id)" },
          },
        },
        alertStrategy: { notificationRateLimit: { period: "3600s" } },
      });
    if (nights !== undefined)
      policy("night", {
        displayName: `No new reports for ${HOURS} hours`,
        content: `No run of the reports has had the night's data for ${HOURS} hours: the reports, and perhaps the marts and tables, show an older day. ${ADVICE}`,
        condition: {
          // PromQL, because a metric-absence condition looks back 23.5 hours at most. If there is no point at all, the sum has no value, which
          // "or vector(0)" turns into 0. increase() is an estimate: one night may count as 0.99. The duration also keeps the first `up` from
          // raising the alert.
          conditionPrometheusQueryLanguage: {
            query: pulumi.interpolate`(sum(increase(logging_googleapis_com:user_${nights}{monitored_resource="cloud_run_job"}[${LOOKBACK}h])) or vector(0)) < 0.5`,
            duration: `${(HOURS - LOOKBACK) * 3600}s`,
            evaluationInterval: "900s",
            disableMetricValidation: true,
          },
        },
      });
  }
}

/** The services that the alerts and the budget need, without `.googleapis.com`. */
export function forAlerts({ alertEmails, billingAccount }: { alertEmails: string; billingAccount: string }): string[] {
  return [...(alertEmails === "" ? [] : ["monitoring"]), ...(billingAccount === "" ? [] : ["billingbudgets"])];
}

const ADVICE = "docs/reliability.md says what each failure means and what to do.";

interface Policy {
  readonly displayName: string;
  /** The e-mail's text, in Markdown. */
  readonly content: string;
  readonly condition: Omit<gcp.types.input.monitoring.AlertPolicyCondition, "displayName">;
  readonly alertStrategy?: gcp.types.input.monitoring.AlertPolicyAlertStrategy;
}

const all = (...parts: string[]) => parts.join(" AND ");
const oneOf = (field: string, values: readonly string[]) =>
  `(${values.map((value) => `${field}="${value}"`).join(" OR ")})`;

export interface BudgetArgs {
  /** The project whose costs are counted. */
  readonly project: string;
  /** The billing account, `012345-6789AB-CDEF01`; without one, nothing is declared. */
  readonly billingAccount: string;
  /** A month's costs, in whole units of the account's currency. */
  readonly amount: number;
  /** The channels to notify in addition to the account's administrators, five at most. */
  readonly channels: readonly pulumi.Input<string>[];
}

/** E-mails people when the project's monthly costs reach half of an amount or all of it, or are forecast to exceed it. It stops nothing. */
export class Budget extends pulumi.ComponentResource {
  constructor(name: string, args: BudgetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:Budget", name, {}, opts);
    const { project, billingAccount, amount, channels } = args;
    this.registerOutputs({});
    if (billingAccount === "") return;
    new gcp.billing.Budget(
      `${name}-budget`,
      {
        billingAccount,
        displayName: `Costs of ${project}`,
        budgetFilter: { projects: [`projects/${project}`] },
        amount: { specifiedAmount: { units: String(amount) } },
        thresholdRules: [
          { thresholdPercent: 0.5 },
          { thresholdPercent: 1 },
          { thresholdPercent: 1, spendBasis: "FORECASTED_SPEND" },
        ],
        ...(channels.length > 0 && { allUpdatesRule: { monitoringNotificationChannels: channels.slice(0, 5) } }),
      },
      // Google answers with the project's number instead of its id, which would show as a change at every preview.
      { ...childOf(this, opts), ignoreChanges: ["budgetFilter.projects"] },
    );
  }
}
