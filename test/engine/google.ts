import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import { computeOutputs } from "pulumi-rehearsal";
import { adapters } from "../../local/adapters.ts";
import type { ViewsServer } from "../../packages/bigquery-clean-room/test/support/bigquery-views.ts";
import { PROJECT } from "../components/stack.ts";
import { type Apis, freshApis } from "./apis.ts";
import { failedHalfway, filled, type Message, serve } from "./grpc.ts";

/*
 * The stand-in for Google's provider while Pulumi's own engine is at work: a server of the provider's protocol that keeps what it is told
 * to make, and answers as the rehearsal does. Of Google it knows which APIs are on, and when the clean room's parts can be made and removed.
 */

const require = createRequire(import.meta.url);
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
const messages = require("@pulumi/pulumi/proto/provider_pb.js");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");
const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js");

/** A resource as it was made. */
export interface Made {
  readonly id: string;
  /** Such as `Listing`. */
  readonly kind: string;
  readonly inputs: Message;
  /** When it was made: the code runs again on a table that was created again. */
  readonly creationTime: number;
}

/** Inputs that the provider cannot change in place, although the resource keeps its id. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  DataExchangeSubscription: ["dataExchangeId", "destinationDataset"],
  DatasetAccess: ["datasetId", "userByEmail"],
};

export interface Google {
  readonly port: number;
  /** The resources that exist, by URN. */
  readonly made: Map<string, Made>;
  /** The calls, in order: `create`, `update` or `delete`, and the kind of resource with its name. */
  readonly calls: { readonly done: string; readonly kind: string; readonly name: string }[];
  /** The names of resources whose next create takes effect and is answered with an error all the same. */
  readonly losing: Set<string>;
  /** Functions to call, by name, when the next create of a resource has taken effect. The create is never answered. */
  readonly holding: Map<string, () => void>;
  /** The APIs of all projects. They stay on when the services that enabled them are deleted. */
  readonly apis: Apis;
  /** The services in the order in which they were enabled, such as `demo-project-run`. */
  enabled(): string[];
  stop(): void;
}

/** Starts it. Views, functions and access lists are BigQuery's matter. */
export async function startGoogle({ views, room }: ViewsServer): Promise<Google> {
  const made: Google["made"] = new Map();
  const calls: Google["calls"] = [];
  const losing: Google["losing"] = new Set();
  const holding: Google["holding"] = new Map();
  /** The URNs of resources that exist and that no state knows. */
  const lost = new Set<string>();
  const apis = freshApis(PROJECT);
  const all = (kind: string) => [...made.values()].filter((each) => each.kind === kind).map(({ inputs }) => inputs);

  /** Why Google would not make it yet; undefined if it would. */
  const notYet: Record<string, (inputs: Message) => string | undefined> = {
    Listing({ bigqueryDataset: { selectedResources }, dataExchangeId }) {
      const [, project, dataset, view] = /^projects\/(.+)\/datasets\/(.+)\/tables\/(.+)$/.exec(
        selectedResources[0].table,
      ) as unknown as string[];
      if (!all("DataExchange").some((exchange) => exchange.dataExchangeId === dataExchangeId))
        return `exchange ${dataExchangeId} not found`;
      if (!views.get(`${project}.${dataset}.${view}`)?.view.privacyPolicy) return `${view} has no analysis rule`;
      const authorised = all("DatasetAccess").some(
        ({ authorizedDataset }) => authorizedDataset?.dataset.datasetId === dataset,
      );
      return authorised ? undefined : `${dataset} is not authorised`;
    },
    DataExchangeSubscription: ({ dataExchangeId }) =>
      all("Listing").some((listing) => listing.dataExchangeId === dataExchangeId)
        ? undefined
        : `400: ${dataExchangeId} has no listing`,
    // The provider creates it and submits it.
    QueryTemplate: (inputs) => room.submit(templateOf(inputs), inputs.routine.definitionBody, inputs.submit),
  };
  /** Why it is better not removed yet. */
  const stillUsed: Record<string, (inputs: Message) => string | undefined> = {
    Listing: ({ dataExchangeId }) =>
      all("Listing").filter((each) => each.dataExchangeId === dataExchangeId).length === 1 &&
      all("DataExchangeSubscription").some((each) => each.dataExchangeId === dataExchangeId)
        ? `${dataExchangeId} has a subscription, whose linked dataset would stay behind`
        : undefined,
    DataExchange: ({ dataExchangeId, project }) =>
      all("Listing").some((each) => each.dataExchangeId === dataExchangeId) ||
      [...room.listings.keys()].some((each) => each.startsWith(`projects/${project}/`) && each.includes(dataExchangeId))
        ? `${dataExchangeId} has listings`
        : undefined,
    Dataset: ({ datasetId, project }) =>
      [...views.keys(), ...room.functions.keys()].some((each) => each.startsWith(`${project}.${datasetId}.`))
        ? `${datasetId} has views or functions that Pulumi knows of`
        : undefined,
  };
  /** Google's side of what was made or removed. */
  const follow = (done: "create" | "delete", kind: string, inputs: Message) => {
    if (kind === "DatasetAccess") {
      const { project, datasetId, ...entry } = inputs;
      room.changeAccess(`${project}.${datasetId}`, entry, done);
    }
    // A submitted template stays, as the provider's deletionPolicy has it, until its exchange goes.
    if (kind === "DataExchange" && done === "delete")
      for (const name of room.templates.keys()) if (name.startsWith(exchangeOf(inputs))) room.templates.delete(name);
    if (kind === "Dataset" && done === "delete") room.datasets.delete(`${inputs.project}.${inputs.datasetId}`);
    if (kind === "DataExchangeSubscription" && done === "delete")
      room.datasets.delete(`${inputs.project}.${inputs.destinationDataset.datasetReference.datasetId}`);
  };

  const partsOf = (urn: string) => {
    const [, , type = "", name = ""] = urn.split("::");
    return { type: type.split("$").at(-1) as string, kind: type.slice(type.lastIndexOf(":") + 1), name };
  };
  const place = { project: PROJECT, location: "us-central1" };
  const plain = (struct: Message) => struct?.toJavaScript() ?? {};

  const { port, stop } = await serve(ResourceProviderService, {
    checkConfig: (request: Message) => filled(new messages.CheckResponse(), { Inputs: request.getNews() }),
    diffConfig: () => filled(new messages.DiffResponse(), { Changes: messages.DiffResponse.DiffChanges.DIFF_NONE }),
    configure: () => filled(new messages.ConfigureResponse(), { Supportspreview: true }),
    check: (request: Message) => filled(new messages.CheckResponse(), { Inputs: request.getNews() }),
    diff(request: Message) {
      const [before, after] = [plain(request.getOldInputs()), plain(request.getNews())];
      const { type, kind, name } = partsOf(request.getUrn());
      const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
      const differing = keys.filter((key) => !isDeepStrictEqual(before[key], after[key]));
      const moved =
        computeOutputs(type, name, before, place, adapters).id !==
        computeOutputs(type, name, after, place, adapters).id;
      const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
      return filled(new messages.DiffResponse(), {
        Changes: differing.length > 0 ? DIFF_SOME : DIFF_NONE,
        DiffsList: differing,
        ReplacesList: moved ? differing : differing.filter((key) => FIXED[kind]?.includes(key)),
      });
    },
    create(request: Message) {
      const { type, kind, name } = partsOf(request.getUrn());
      const inputs = plain(request.getProperties());
      // A preview knows of a new resource only what it is told.
      if (request.getPreview()) return filled(new messages.CreateResponse(), { Properties: request.getProperties() });
      const refused = apis.refusal(type, inputs) ?? notYet[kind]?.(inputs);
      if (refused) throw new Error(`${name}: ${refused}`);
      const { id, outputs } = computeOutputs(type, name, inputs, place, adapters);
      if (lost.has(request.getUrn())) throw new Error(`googleapi: Error 409: ${id} already exists`);
      const creationTime = Date.now();
      made.set(request.getUrn(), { id, kind, inputs, creationTime });
      calls.push({ done: "create", kind, name });
      follow("create", kind, inputs);
      if (losing.delete(name)) {
        lost.add(request.getUrn());
        throw new Error("googleapi: Error 503: The service is currently unavailable");
      }
      const hold = holding.get(name);
      if (hold !== undefined) {
        holding.delete(name);
        lost.add(request.getUrn());
        hold();
        return new Promise(() => {});
      }
      // The provider reads a service that it has just enabled.
      const unread = kind === "Service" ? apis.enable(inputs.project, inputs.service) : undefined;
      if (unread) throw failedHalfway(id, outputs, `Error when reading or editing Project Service ${id}: ${unread}`);
      return filled(new messages.CreateResponse(), {
        Id: id,
        Properties: Struct.fromJavaScript({ ...outputs, creationTime }),
      });
    },
    update(request: Message) {
      const { type, kind, name } = partsOf(request.getUrn());
      const inputs = plain(request.getNews());
      if (kind === "QueryTemplate") throw new Error(`${name}: a submitted QueryTemplate cannot be updated`);
      const { id, outputs } = computeOutputs(type, name, inputs, place, adapters);
      const { creationTime } = made.get(request.getUrn()) as Made;
      const updated = filled(new messages.UpdateResponse(), {
        Properties: Struct.fromJavaScript({ ...outputs, creationTime }),
      });
      if (request.getPreview()) return updated;
      made.set(request.getUrn(), { id, kind, inputs, creationTime });
      calls.push({ done: "update", kind, name });
      return updated;
    },
    read(request: Message) {
      const [urn, id] = [request.getUrn(), request.getId()];
      const found = made.get(urn);
      // An import reads a resource of which only the id is known.
      if (found !== undefined && found.id === id && lost.delete(urn)) {
        const { type, name } = partsOf(urn);
        return filled(new messages.ReadResponse(), {
          Id: id,
          Inputs: Struct.fromJavaScript(found.inputs),
          Properties: Struct.fromJavaScript({
            ...computeOutputs(type, name, found.inputs, place, adapters).outputs,
            creationTime: found.creationTime,
          }),
        });
      }
      return filled(new messages.ReadResponse(), {
        Id: found === undefined ? "" : id,
        Inputs: request.getInputs(),
        Properties: request.getProperties(),
      });
    },
    delete(request: Message) {
      const { kind, name } = partsOf(request.getUrn());
      const was = made.get(request.getUrn());
      const refused = stillUsed[kind]?.(was?.inputs ?? {});
      if (refused) throw new Error(`${name}: ${refused}`);
      follow("delete", kind, was?.inputs ?? {});
      // After a replacement, the new one is there under the same URN.
      if (was?.id === request.getId()) made.delete(request.getUrn());
      calls.push({ done: "delete", kind, name });
      return new Empty();
    },
    attach: () => new Empty(),
    cancel: () => new Empty(),
    getPluginInfo: () => filled(new PluginInfo(), { Version: "9.37.0" }),
  });
  const enabled = () => [
    ...new Set(
      calls.flatMap(({ done, kind, name }) =>
        done === "create" && kind === "Service" ? [name.replace(/^apis-/, "")] : [],
      ),
    ),
  ];
  return { port, made, calls, losing, holding, apis, enabled, stop };
}

const exchangeOf = ({ project, location, dataExchangeId }: Message) =>
  `projects/${project}/locations/${location}/dataExchanges/${dataExchangeId}`;
const templateOf = (inputs: Message) => `${exchangeOf(inputs)}/queryTemplates/${inputs.queryTemplateId}`;
