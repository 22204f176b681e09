// What of the audit's page is in its address.
export interface AuditSearch {
  task?: string;
  user?: string;
  action?: string;
}

export function auditSearch(search: Record<string, unknown>): AuditSearch {
  const read: AuditSearch = {};
  for (const key of ['task', 'user', 'action'] as const) {
    const value = search[key];
    if (typeof value === 'string' && value !== '') read[key] = value;
  }
  return read;
}
