// Channels: where people are told about alerts.
import { queryOptions } from '@tanstack/react-query';
import type { Severity } from './alerts';
import { answer, api } from './client';
import { keys } from './keys';
import type { components } from './schema';
import { tag } from './specs';

type Schemas = components['schemas'];
type Secret = Schemas['SecretDocument'];

export type ChannelKind = 'webhook' | 'email' | 'slack' | 'dingtalk' | 'wecom' | 'feishu' | 'alertmanager';

/** What the form holds for any kind; the document has a type for each, and the Server says what is missing. */
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

export type Channel = Omit<Schemas['ChannelView'], 'spec'> & { spec: ChannelSpec };

export type Delivery = Schemas['DeliveryView'];

export const channelsQuery = queryOptions({
  queryKey: keys.channels,
  queryFn: () => answer(api.GET('/api/v1/channels')) as Promise<{ channels: Channel[] }>,
});

export const createChannel = (body: ChannelSpec) =>
  answer(api.POST('/api/v1/channels', { body: body as Schemas['Channel'] }));

export const updateChannel = (body: ChannelSpec, version: number) =>
  answer(
    api.PUT('/api/v1/channels/{name}', {
      params: { path: { name: body.name }, header: { 'If-Match': tag(version) } },
      body: body as Schemas['Channel'],
    }),
  );

export const deleteChannel = (name: string, version: number) =>
  answer(api.DELETE('/api/v1/channels/{name}', { params: { path: { name }, header: { 'If-Match': tag(version) } } }));

export const testChannel = (name: string) =>
  answer(api.POST('/api/v1/channels/{name}/test', { params: { path: { name } } }));

export const deliveriesQuery = (name: string) =>
  queryOptions({
    queryKey: [...keys.channels, 'deliveries', name],
    queryFn: () => answer(api.GET('/api/v1/channels/{name}/deliveries', { params: { path: { name } } })),
  });
