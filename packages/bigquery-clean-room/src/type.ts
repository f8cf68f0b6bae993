/** The module of the resources' types: the engine and the state know them as `pulumi-nodejs:dynamic/bigquery-clean-room:JobRun`. */
export const MODULE = "bigquery-clean-room";
