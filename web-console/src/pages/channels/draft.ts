// A channel as it is written: which fields each kind has.
import type { ChannelKind, ChannelSpec } from '../../api/channels';

export const KINDS: readonly ChannelKind[] = [
  'webhook',
  'email',
  'slack',
  'dingtalk',
  'wecom',
  'feishu',
  'alertmanager',
];

export type Field =
  'url' | 'secret' | 'host' | 'port' | 'security' | 'user' | 'password' | 'from' | 'to' | 'urls' | 'token';

const FIELDS: Record<ChannelKind, readonly Field[]> = {
  webhook: ['url', 'secret'],
  email: ['host', 'port', 'security', 'user', 'password', 'from', 'to'],
  slack: ['url'],
  dingtalk: ['url', 'secret'],
  wecom: ['url'],
  feishu: ['url', 'secret'],
  alertmanager: ['urls', 'token'],
};

export function fieldsOf(kind: ChannelKind): readonly Field[] {
  return FIELDS[kind];
}

const ALL = new Set<string>(Object.values(FIELDS).flat());

/** The channel with another kind: what only the old kind has goes. */
export function withKind(spec: ChannelSpec, kind: ChannelKind): ChannelSpec {
  const kept = Object.entries(spec).filter(([key]) => !ALL.has(key) || FIELDS[kind].includes(key as Field));
  return { ...(Object.fromEntries(kept) as unknown as ChannelSpec), kind };
}

/** The channel with a field set, or without it. */
export function withField(spec: ChannelSpec, key: keyof ChannelSpec, value: unknown): ChannelSpec {
  const others = Object.fromEntries(Object.entries(spec).filter(([known]) => known !== key));
  return (value === undefined || value === '' ? others : { ...others, [key]: value }) as unknown as ChannelSpec;
}
