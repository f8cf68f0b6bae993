import type { Adapter, Rehearsal } from "./adapter.ts";
import { at, type Declared, need, wrong } from "./declaration.ts";
import { matches } from "./monitoring-filter.ts";
import { reads } from "./promql.ts";

/** A measurement or a log entry, by the fields that the filters of alert policies compare, such as `resource.labels.job_name`. */
export interface Happening {
  readonly fields: Readonly<Record<string, string>>;
  /** The same for people. */
  readonly words: string;
}

interface Condition {
  readonly conditionThreshold?: { readonly filter: string };
  readonly conditionMatchedLog?: { readonly filter: string };
  readonly conditionPrometheusQueryLanguage?: { readonly query: string };
}

/** The end of a query that is met by points. One that ends with "less than" is met by their absence: see `missed`. */
const MORE_THAN = />=?\s*[\d.]+\s*$/;

const conditionsOf = (policy: Declared) => need<Condition[]>(policy, "conditions");

/** Reports the alerts that Cloud Monitoring would send because something happened. */
export function happened(rehearsal: Rehearsal, { fields, words }: Happening): void {
  for (const policy of rehearsal.policies) {
    const isMet = conditionsOf(policy).some((condition) => {
      const filter = condition.conditionThreshold?.filter ?? condition.conditionMatchedLog?.filter;
      if (filter !== undefined) return matches(filter, fields);
      const { query = "" } = condition.conditionPrometheusQueryLanguage ?? {};
      return MORE_THAN.test(query) && reads(query, fields);
    });
    if (isMet) send(rehearsal, policy, words);
  }
}

/** Records a log entry, which metrics made from logs count. */
export function logged(rehearsal: Rehearsal, fields: Readonly<Record<string, string>>): void {
  for (const metric of rehearsal.logMetrics)
    if (matches(need(metric, "filter"), fields)) rehearsal.counted.add(String(metric.inputs.name));
}

/** Reports the alerts about something that should have happened in the night but did not, because their metric counted nothing. */
export function missed(rehearsal: Rehearsal): void {
  for (const policy of rehearsal.policies)
    for (const { conditionPrometheusQueryLanguage: condition } of conditionsOf(policy)) {
      const [, name] = /logging_googleapis_com:user_(\w+)/.exec(condition?.query ?? "") ?? [];
      if (name !== undefined && !rehearsal.counted.has(name))
        send(rehearsal, policy, `${name} counted nothing all night`);
    }
}

function send({ channels, onAlert }: Rehearsal, policy: Declared, because: string): void {
  const names = at<string[]>(policy.inputs, "notificationChannels") ?? [];
  const to = names.map((name) => {
    const channel = channels.get(name);
    if (channel === undefined) throw wrong(policy, `notifies ${name}, which is not a declared channel`);
    return String(at(channel.inputs, "labels.email_address") ?? name);
  });
  onAlert({ policy: need(policy, "displayName"), to, because });
}

let channels = 0;

/** Alert policies, their notification channels, metrics made from logs, and budgets. */
export const monitoring: Adapter = {
  types: {
    "gcp:monitoring/notificationChannel:NotificationChannel": (rehearsal, channel) => {
      rehearsal.channels.set(String(channel.outputs.name), channel);
    },
    "gcp:monitoring/alertPolicy:AlertPolicy": (rehearsal, policy) => {
      // An error in a filter should show now, and not at the first alert.
      for (const { conditionThreshold, conditionMatchedLog } of conditionsOf(policy))
        matches(conditionThreshold?.filter ?? conditionMatchedLog?.filter ?? 'a="b"', {});
      rehearsal.policies.push(policy);
    },
    "gcp:logging/metric:Metric": (rehearsal, metric) => {
      matches(need(metric, "filter"), {});
      rehearsal.logMetrics.push(metric);
    },
    // A rehearsal costs nothing.
    "gcp:billing/budget:Budget": () => {},
  },
  outputs: {
    "gcp:monitoring/notificationChannel:NotificationChannel": (_, { project }) => {
      const id = `projects/${project}/notificationChannels/${++channels}`;
      return { id, outputs: { name: id } };
    },
    "gcp:monitoring/alertPolicy:AlertPolicy": ({ displayName }, { project }) => ({
      id: `projects/${project}/alertPolicies/${displayName}`,
    }),
    "gcp:logging/metric:Metric": ({ name }) => ({ id: `${name}` }),
    "gcp:billing/budget:Budget": ({ billingAccount, displayName }) => ({
      id: `billingAccounts/${billingAccount}/budgets/${displayName}`,
    }),
  },
};
