// Shapes of operations that server/openapi.json does not have yet. Each goes when the generated one is there.

export type Role = 'viewer' | 'operator' | 'admin';

export interface SessionView {
  user: string;
  role: Role;
  expires_at: string | null;
  via: 'session' | 'token';
}
