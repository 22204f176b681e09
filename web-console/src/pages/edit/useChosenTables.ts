// The tables of the source that the task replicates.
import { useQuery } from '@tanstack/react-query';
import { listSourceTables, type SourceTable } from '../../api/sources';
import { useSpecForm } from './FormFields';
import { isChosen } from './tables';
import { SOURCE_FRESH_MS } from './TablesStep';

export function useChosenTables(): { tables: SourceTable[]; unread: boolean } {
  const { spec, stored } = useSpecForm();
  const { host, port, user, password, tables, exclude } = spec.producer;
  const list = useQuery({
    queryKey: ['source', 'tables', { host, port, user, password }, null, stored],
    queryFn: () => listSourceTables({ producer: spec.producer, schema: null, task: stored }),
    enabled: host !== '' && user !== '',
    staleTime: SOURCE_FRESH_MS,
    retry: false,
  });
  const chosen = (list.data?.tables ?? []).filter((table) => isChosen(table, tables ?? undefined, exclude ?? []));
  return { tables: chosen, unread: list.error !== null };
}
