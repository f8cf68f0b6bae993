import { type Fault, find, forget, listing, selected, types, WALLETS } from "./draft.ts";

/** Faults of exchanges, listings, subscriptions and grants. They do not depend on query templates. */
export const sharingFaults: readonly Fault[] = [
  {
    what: "a subscription before a listing of its exchange",
    change: (draft) => {
      const urn = listing(draft, "transactions_shared").urn;
      for (const each of draft.resources) each.dependencies = each.dependencies.filter((other) => other !== urn);
    },
    said: [types.subscription, "shows only what is listed before it"],
  },
  {
    what: "a subscription to an exchange without listings",
    change: (draft) => {
      const listed = [types.listing, types.template, types.approval];
      for (const each of draft.resources.filter(
        ({ type, inputs }) => listed.includes(type) && `${inputs.dataExchangeId} ${inputs.template}`.includes(WALLETS),
      ))
        forget(draft, each);
    },
    said: [types.subscription, "an exchange with no listing"],
  },
  {
    what: "a subscription without a grant to subscribe",
    change: (draft) => {
      const role = "roles/analyticshub.subscriber";
      for (const each of draft.resources.filter(({ type, inputs }) => type === types.role && inputs.role === role))
        if (each.inputs.dataExchangeId === WALLETS) forget(draft, each);
    },
    said: [types.subscription, "declare roles/analyticshub.subscriber on the exchange"],
  },
  {
    what: "a linked dataset with the name of another dataset",
    change: (draft) => {
      const subscription = find(draft, types.subscription, { dataExchangeId: WALLETS });
      const destination = subscription.inputs.destinationDataset as { datasetReference: { datasetId: string } };
      destination.datasetReference.datasetId = "merchant";
    },
    said: [types.subscription, "creates the linked dataset merchant, which is declared already"],
  },
  {
    what: "a linked dataset in another project than the subscriber's",
    change: (draft) => {
      const subscription = find(draft, types.subscription, { dataExchangeId: WALLETS });
      const destination = subscription.inputs.destinationDataset as { datasetReference: { projectId: string } };
      destination.datasetReference.projectId = "elsewhere";
    },
    said: [types.subscription, "in the project elsewhere"],
  },
  {
    what: "a listing of a view that is not declared",
    change: (draft) => {
      const [view] = selected(listing(draft, "transactions_shared"));
      if (view) view.table = view.table.replace("transactions_shared", "payments_shared");
    },
    said: [
      "transactions_shared",
      types.listing,
      "payments_shared, but no view with an analysis rule is declared by that name",
    ],
  },
  {
    what: "a listing that names another dataset than its view's",
    change: (draft) => {
      const { inputs } = listing(draft, "transactions_shared");
      inputs.bigqueryDataset = {
        ...(inputs.bigqueryDataset as object),
        dataset: "projects/p/datasets/ewallet_provider",
      };
    },
    said: [
      "transactions_shared",
      types.listing,
      "names the dataset projects/p/datasets/ewallet_provider, but its view",
    ],
  },
  {
    what: "a listing of a plain table",
    change: (draft) => {
      const [view] = selected(listing(draft, "transactions_shared"));
      if (view) view.table = view.table.replace(/datasets.*/, "datasets/ewallet_provider/tables/transactions");
    },
    said: [types.listing, "no view with an analysis rule is declared by that name"],
  },
  {
    what: "a listing of two views",
    change: (draft) => {
      const views = selected(listing(draft, "transactions_shared"));
      views.push(...views);
    },
    said: ["transactions_shared", types.listing, "has 2 selected resources"],
  },
  {
    what: "a listing of a view without its project",
    change: (draft) => {
      const [view] = selected(listing(draft, "transactions_shared"));
      if (view) view.table = "transactions_shared";
    },
    said: [types.listing, 'selects "transactions_shared": use projects/PROJECT/datasets/DATASET/tables/VIEW'],
  },
  {
    what: "two listings of views with the same name in one clean room",
    change: (draft) => {
      const [view] = selected(listing(draft, "transactions_shared"));
      if (view) view.table = view.table.replace("transactions_shared", "provider_users_shared");
    },
    said: [types.listing, "names in a clean room are unique"],
  },
  {
    what: "a listing that allows exports",
    change: (draft) => {
      delete listing(draft, "users_shared").inputs.restrictedExportConfig;
    },
    said: ["users_shared", "restrictedExportConfig.enabled"],
  },
  {
    what: "a listing of a view that its source does not authorise",
    change: (draft) => {
      const access = draft.resources.find(
        ({ type, inputs }) => type === types.access && inputs.datasetId === "merchant" && inputs.authorizedDataset,
      );
      if (access) forget(draft, access);
    },
    said: [types.listing, "which the dataset merchant does not authorise"],
  },
  {
    what: "a location in upper case",
    change: (draft) => {
      for (const each of draft.resources) if (each.inputs.location === "us") each.inputs.location = "US";
    },
    said: [types.exchange, 'location is "US": Analytics Hub takes lower case only, "us"'],
  },
  {
    what: "an exchange that is not a clean room",
    change: (draft) => {
      delete find(draft, types.exchange, { dataExchangeId: WALLETS }).inputs.sharingEnvironmentConfig;
    },
    said: [WALLETS, "is not a clean room"],
  },
];
