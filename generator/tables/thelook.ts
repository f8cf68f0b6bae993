import * as merchant from "./merchant.ts";
import { type Columns, nullable, type Table } from "./table.ts";

/**
 * The tables of thelook_ecommerce as their source has them: the merchant's columns but for the ones that the snapshot adds, and every
 * one of them may be empty, since a source's rows are judged by the snapshot's rules and not refused.
 */
function source<C extends Columns, Added extends keyof C & string>({ primaryKey, ...of }: Table<C>, added: Added[]) {
  const kept = Object.entries(of.columns).filter(([name]) => !added.includes(name as Added));
  const columns = Object.fromEntries(kept.map(([name, column]) => [name, nullable(column)]));
  const { dataset, table, description, file } = of;
  return { dataset, table, description, primaryKey, ...(file && { file }), columns } as Table<Omit<C, Added>>;
}

export const users = source(merchant.users, ["hashed_email"]);
export const orders = source(merchant.orders, []);
export const orderItems = source(merchant.orderItems, []);
