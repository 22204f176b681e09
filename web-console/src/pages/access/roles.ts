// The roles, each may do what those before it may.
import type { Role } from '../../api/session';

export const ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];
