// A recorded change in a few lines: its kind and row, and what of the row was something else before.

/** Of a message in Canal's form; what has another one, because somebody changed it, is shown as it is. */
export function changeLines(change: unknown): string[] {
  if (typeof change !== 'object' || change === null) return [String(change)];
  const { type, data, old } = change as { type?: unknown; data?: unknown; old?: unknown };
  if (typeof type !== 'string' || !Array.isArray(data)) return [JSON.stringify(change)];
  const rows = data.map((row) => `${type} ${JSON.stringify(row)}`);
  const before = Array.isArray(old) ? old.map((row) => `← ${JSON.stringify(row)}`) : [];
  return [...rows, ...before];
}
