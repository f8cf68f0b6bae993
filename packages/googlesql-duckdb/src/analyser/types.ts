/* The types of columns and values, as the analyser's messages have them. */

/** The types that a table's column can have. */
export type ColumnKind =
  | "INT64"
  | "FLOAT64"
  | "NUMERIC"
  | "STRING"
  | "BYTES"
  | "BOOL"
  | "DATE"
  | "DATETIME"
  | "TIMESTAMP"
  | "TIME";

/** A column of a scan. Its id is unique in the query. */
export interface Column {
  readonly columnId: string;
  readonly name: string;
  readonly type: Type;
}

/** A GoogleSQL type, such as { typeKind: "TYPE_STRING" }. */
export interface Type {
  readonly typeKind: string;
  readonly arrayType?: { readonly elementType: Type };
  readonly rangeType?: { readonly elementType: Type };
  readonly structType?: { readonly field: readonly { readonly fieldName: string; readonly fieldType: Type }[] };
}
