/*
 * The resources' providers are functions that Pulumi keeps as text in the state and runs in a process of its own, in the program's folder.
 * The text contains our functions and no packages, so they are imported where they are needed.
 */

/**
 * Imports a package that this one depends on. Package managers may keep it below this package only, so look there first and in the
 * program's folder after that.
 * @throws an error that says what to install, if neither place has the package
 */
export async function importPackage(name: string) {
  const { createRequire } = await import("node:module");
  const { join } = await import("node:path");
  const { pathToFileURL } = await import("node:url");
  const program = createRequire(join(process.cwd(), "package.json"));
  const resolve = () => {
    try {
      return createRequire(program.resolve("bigquery-clean-room/package.json")).resolve(name);
    } catch {
      return program.resolve(name);
    }
  };
  let file: string;
  try {
    file = resolve();
  } catch {
    throw new Error(
      `${name} is not installed in ${process.cwd()}: run npm install bigquery-clean-room in the folder in which Pulumi runs`,
    );
  }
  return import(pathToFileURL(file).href);
}
