import * as pulumi from "@pulumi/pulumi";

/** A resource as the engine would receive it: its type, and its inputs with the provider's text in `__provider`. */
export interface Declared {
  readonly type: string;
  readonly inputs: Record<string, unknown>;
}

/** Declares a resource under Pulumi's mocks. */
export async function declared(make: () => pulumi.Resource): Promise<Declared> {
  let found: Declared | undefined;
  await pulumi.runtime.setMocks({
    newResource({ type, name, inputs }) {
      found = { type, inputs };
      return { id: name, state: inputs };
    },
    call: () => ({}),
  });
  const { urn } = make();
  await new Promise((done) => urn.apply(done));
  if (found === undefined) throw new Error("nothing was declared");
  return found;
}
