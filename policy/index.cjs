// Node runs the rules' TypeScript itself, for this imports them. Pulumi would compile them with a full type check at every preview, which
// takes seconds; npm run check does that.
module.exports = import("./pack.ts");
