import * as pulumi from "@pulumi/pulumi";
import { missingFor } from "./cleanroom/template-needs.ts";
import { templates } from "./cleanroom/templates.ts";
import { shareViews } from "./cleanroom/views.ts";
import { PUBLIC_THELOOK } from "./generator/tables/merchant.ts";
import { readPulumiYaml } from "./pulumi-yaml.ts";
import { allowed, PROJECT } from "./settings/allowed.ts";

/*
 * Checks the stack's settings before anything is declared. Pulumi.yaml holds each setting's purpose, type and default;
 * settings/allowed.ts holds the allowed values.
 */

type Name = keyof typeof allowed;

/** The names of all settings. */
export const settingNames = Object.keys(allowed) as readonly Name[];

/** The checked values of all settings. */
export type Settings = { readonly [Each in Name]: ReturnType<(typeof allowed)[Each]> } & {
  /** `gcp:project`: the project of everything that has no project of its own. */
  readonly project: string;
};

/**
 * Checks a stack's configuration, by full name such as `gcp-data-demos:seed`. A setting that is not set has the default of Pulumi.yaml.
 * @param namespace the program's name
 * @throws one RunError that names every wrong setting with its value and what is allowed
 */
export function checkSettings(config: Readonly<Record<string, string>>, namespace: string): Settings {
  const { settings: declared } = readPulumiYaml();
  const wrong: string[] = [];

  const gcpProject = config["gcp:project"];
  if (gcpProject === undefined) wrong.push("gcp:project is not set: pulumi config set gcp:project PROJECT");
  else if (!PROJECT.test(gcpProject))
    wrong.push(`gcp:project is "${gcpProject}": use a project's id: 6 to 30 lower-case letters, digits and hyphens`);

  for (const key of Object.keys(config)) {
    const [space, name = ""] = key.split(":");
    if (space === namespace && !Object.hasOwn(allowed, name))
      wrong.push(`${key} is not a setting: use one of ${settingNames.join(", ")}`);
  }

  const values = Object.fromEntries(
    settingNames.map((name) => {
      const fallback = declared[name]?.default ?? "";
      const given = config[`${namespace}:${name}`] ?? fallback;
      try {
        return [name, allowed[name](given)];
      } catch (use) {
        wrong.push(`${namespace}:${name} is "${brief(given)}": use ${use}`);
        // Go on with the default, to find what else is wrong.
        return [name, given === fallback ? undefined : allowed[name](fallback)];
      }
    }),
  ) as Omit<Settings, "project">;

  const project = gcpProject ?? "";
  const merchantProject = values.merchantProject || project;
  const walletProject = values.walletProject || project;
  const settings = { ...values, project, merchantProject, walletProject };
  // A value is missing where even the default of Pulumi.yaml is wrong.
  if (Object.values(values).every((value) => value !== undefined)) wrong.push(...contradictions(settings, namespace));
  if (wrong.length > 0) {
    const error = new pulumi.RunError(
      `wrong settings, change them with "pulumi config set NAME VALUE" (npm start takes --set NAME=VALUE), and fields of an object with "pulumi config set --path NAME.FIELD VALUE":\n  ${wrong.join("\n  ")}`,
    );
    // Pulumi formats the stack trace and shows none of it, which takes Node 20 seconds: https://github.com/nodejs/node/issues/64011
    delete error.stack;
    throw error;
  }
  return settings;
}

/** A value in a message: without control characters, and not longer than a line or two. */
function brief(given: string): string {
  const plain = given.replace(/\p{Cc}/gu, "?");
  return plain.length > 300 ? `${plain.slice(0, 300)}…` : plain;
}

/** Lists settings that are valid by themselves but contradict each other. */
function contradictions(settings: Settings, namespace: string): string[] {
  const { premiumFrom, businessFrom, thelookSource, location, cleanRoomMembers } = settings;
  const wrong: string[] = [];
  if (premiumFrom >= businessFrom)
    wrong.push(
      `${namespace}:premiumFrom is ${premiumFrom} and ${namespace}:businessFrom is ${businessFrom}: use a lower premiumFrom`,
    );
  if (thelookSource === PUBLIC_THELOOK && location !== "US")
    wrong.push(
      `${namespace}:location is "${location}", and the public thelook is in US only: use US, or set thelookSource to synthetic:`,
    );
  const { views } = shareViews(settings.sharedViews);
  const shared = views.map(({ name }) => name);
  for (const view of settings.templatesOnly)
    if (!shared.includes(view))
      wrong.push(
        `${namespace}:templatesOnly has "${view}", which is not a shared view: use some of ${shared.join(", ")}, as a list`,
      );
  for (const template of templates)
    for (const name of template.views) {
      const view = views.find((each) => each.name === name);
      const change = `or change cleanroom/templates/${template.name}.sql`;
      const missing = view && settings.sharedViews[name] && missingFor(template, view);
      if (view === undefined)
        wrong.push(
          `${namespace}:sharedViews gives ${name} a rule of another kind, and so another name, but the query template ${template.name} reads ${name}: keep its kind of rule, ${change}`,
        );
      else if (missing !== undefined)
        wrong.push(
          `${namespace}:sharedViews changes ${name}, but the query template ${template.name} ${missing}: allow that, ${change}`,
        );
    }
  const { merchant, wallet } = cleanRoomMembers;
  const inWallet = new Set(wallet.map((member) => member.toLowerCase()));
  const both = merchant.filter((member) => inWallet.has(member.toLowerCase()));
  // The project would get the same grant twice, and removing one would remove both.
  if (settings.merchantProject === settings.walletProject && both.length > 0)
    wrong.push(
      `${namespace}:cleanRoomMembers has ${both.join(", ")} as merchant and as wallet, which are in one project: name each once, or give a party a project of its own`,
    );
  return wrong;
}

/** The settings of the stack that runs. Throws as `checkSettings` does. */
export function readSettings(): Settings {
  return checkSettings(pulumi.runtime.allConfig(), pulumi.getProject());
}
