// Channels: where people are told about alerts.
import { queryOptions } from '@tanstack/react-query';
import type { Severity } from './alerts';
import { pending } from './client';
import { keys } from './keys';
import type { components } from './schema';
import { tag } from './specs';

type Secret = components['schemas']['SecretDocument'];

export type ChannelKind = 'webhook' | 'email' | 'slack' | 'dingtalk' | 'wecom' | 'feishu' | 'alertmanager';

export interface ChannelSpec {
  name: string;
  kind: ChannelKind;
  enabled?: boolean;
  severity_min?: Severity;
  language?: 'en' | 'zh';
  link?: string;
  url?: Secret;
  secret?: Secret;
  host?: string;
  port?: number;
  security?: 'starttls' | 'tls' | 'none';
  ca?: string;
  user?: string;
  password?: Secret;
  from?: string;
  to?: string[];
  urls?: string[];
  token?: Secret;
  per_minute_max?: number;
}

export interface Channel {
  spec: ChannelSpec;
  version: number;
}

export interface Delivery {
  at: string;
  alerts: string[];
  subject: string;
  delivered: boolean;
  detail: string;
  took_ms: number;
  attempt: number;
}

const at = (name: string) => `/channels/${encodeURIComponent(name)}`;

export const channelsQuery = queryOptions({
  queryKey: keys.channels,
  queryFn: () => pending<{ channels: Channel[] }>('GET', '/channels'),
});

export const createChannel = (body: ChannelSpec) => pending<Channel>('POST', '/channels', { body });

export const updateChannel = (body: ChannelSpec, version: number) =>
  pending<Channel>('PUT', at(body.name), { body, headers: { 'If-Match': tag(version) } });

export const deleteChannel = (name: string, version: number) =>
  pending<unknown>('DELETE', at(name), { headers: { 'If-Match': tag(version) } });

export const testChannel = (name: string) =>
  pending<{ delivered: boolean; detail: string; took_ms: number }>('POST', `${at(name)}/test`);

export const deliveriesQuery = (name: string) =>
  queryOptions({
    queryKey: [...keys.channels, 'deliveries', name],
    queryFn: () => pending<{ deliveries: Delivery[] }>('GET', `${at(name)}/deliveries`),
  });
