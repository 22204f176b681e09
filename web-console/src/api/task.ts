// One task: what it does, what it did, and the orders it is given.
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { answer, api } from './client';
import { heard } from './contact';
import { keys } from './keys';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Position = Schemas['PositionView'];
export type Failure = Schemas['FailureView'];
export type Instance = Schemas['InstanceView'] & { acknowledged?: number | null };
export type Version = Schemas['VersionView'];
export type Order = Schemas['OrderView'];

export interface Status extends Omit<Schemas['StatusView'], 'instances'> {
  instances: Instance[];
  lag_by?: 'heartbeat' | 'head' | null;
  /** Which part holds the others up. */
  blocked?: 'source' | 'queue' | 'target' | null;
  /** What the source has executed and the target has not applied. */
  checkpoint_gtid_missing?: string | null;
  acknowledged?: { core: string; version: number }[];
}

const at = (name: string) => `/tasks/${encodeURIComponent(name)}`;
const POLL_MS = 2_000;

export const statusQuery = (name: string) =>
  queryOptions({
    queryKey: [...keys.task(name), 'status'],
    queryFn: async (): Promise<Status> =>
      answer(api.GET('/api/v1/tasks/{name}/status', { params: { path: { name } } })),
  });

/** The task's status, as its events bring it; polled where they are away. */
export function useStatus(name: string) {
  const cache = useQueryClient();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const source = new EventSource(`/api/v1${at(name)}/events`);
    source.addEventListener('status', (message: MessageEvent<string>) => {
      heard();
      setOpen(true);
      cache.setQueryData(statusQuery(name).queryKey, JSON.parse(message.data) as Status);
    });
    source.onerror = () => setOpen(false);
    return () => {
      source.close();
      setOpen(false);
    };
  }, [cache, name]);
  return useQuery({ ...statusQuery(name), refetchInterval: open ? false : POLL_MS });
}

export type OrderKind = 'start' | 'stop' | 'pause' | 'resume';

export const giveOrder = (name: string, order: OrderKind): Promise<Order> => {
  const params = { path: { name } };
  switch (order) {
    case 'start':
      return answer(api.POST('/api/v1/tasks/{name}/start', { params }));
    case 'stop':
      return answer(api.POST('/api/v1/tasks/{name}/stop', { params }));
    case 'pause':
      return answer(api.POST('/api/v1/tasks/{name}/pause', { params }));
    case 'resume':
      return answer(api.POST('/api/v1/tasks/{name}/resume', { params }));
  }
};

export const handOver = (name: string): Promise<Order> =>
  answer(api.POST('/api/v1/tasks/{name}/handover', { params: { path: { name } }, body: {} }));

/** Where a task is to go on from; more than what a task can begin at. */
export type RewindTo = Schemas['RewindStart'];
export type Rewind = Schemas['RewindView'];

export const previewRewind = (name: string, to: RewindTo): Promise<Rewind> =>
  answer(api.POST('/api/v1/tasks/{name}/rewind/preview', { params: { path: { name } }, body: { to } }));

export const rewind = (name: string, to: RewindTo): Promise<Schemas['RewoundView']> =>
  answer(api.POST('/api/v1/tasks/{name}/rewind', { params: { path: { name } }, body: { to } }));

export type Skippable = Schemas['SkipView'];

export const skippableQuery = (name: string) =>
  queryOptions({
    queryKey: [...keys.task(name), 'skip'],
    queryFn: (): Promise<Skippable> => answer(api.GET('/api/v1/tasks/{name}/skip', { params: { path: { name } } })),
    staleTime: 0,
    retry: false,
  });

/** Exactly the transaction that was shown. */
export const skip = (name: string, which: { gtid: string } | { position: Position }, reason: string): Promise<Order> =>
  answer(api.POST('/api/v1/tasks/{name}/skip', { params: { path: { name } }, body: { ...which, reason } }));

export const versionsQuery = (name: string, current: number) =>
  queryOptions({
    queryKey: [...keys.task(name), 'versions', current],
    queryFn: () => answer(api.GET('/api/v1/tasks/{name}/versions', { params: { path: { name } } })),
  });

export type History = Schemas['HistoryView'];

export const historyQuery = (name: string, seconds: number) =>
  queryOptions({
    queryKey: [...keys.task(name), 'history', seconds],
    queryFn: () => {
      const from = new Date(Date.now() - seconds * 1_000).toISOString();
      // The client takes the pairs of a series for lists.
      return answer(
        api.GET('/api/v1/tasks/{name}/history', { params: { path: { name }, query: { from, points: 360 } } }),
      ) as Promise<History>;
    },
    staleTime: 4_000,
  });
