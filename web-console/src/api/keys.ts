// Keys of the Query cache, a noun each: what events and actions make anew.
export const keys = {
  tasks: ['tasks'],
  task: (name: string) => ['task', name],
  cores: ['cores'],
  alerts: ['alerts'],
  overview: ['overview'],
  rules: ['rules'],
  silences: ['silences'],
  channels: ['channels'],
  users: ['users'],
  tokens: ['tokens'],
  audit: ['audit'],
} as const;
