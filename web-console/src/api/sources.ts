// What a source has and whether an end can be reached, asked before a task is made.
import { answer, api } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];
type Producer = Schemas['ProducerDocument'];
export type StageResult = Schemas['StageView'];
export type SourceTable = Schemas['SourceTableView'];

/** `task` names the stored task whose password `********` stands for. */
interface Stored {
  task: string | undefined;
}

const stored = ({ task }: Stored) => (task === undefined ? {} : { task });

/** What matches every table. */
const EVERY_TABLE = '*.*';

export const inspectSource = (asked: Stored & { producer: Producer }): Promise<Schemas['SourceView']> =>
  answer(api.POST('/api/v1/sources/inspect', { body: { producer: asked.producer, ...stored(asked) } }));

export const listSourceTables = (
  asked: Stored & { producer: Producer; schema: string | null },
): Promise<Schemas['SourceTableList']> =>
  answer(
    api.POST('/api/v1/sources/tables', {
      body: { producer: asked.producer, schema: asked.schema, ...stored(asked) },
    }),
  );

/** Without `tables` every one is meant. */
export const matchTables = (
  asked: Stored & { producer: Producer; tables: string[] | undefined; exclude: string[] },
): Promise<Schemas['MatchView']> =>
  answer(
    api.POST('/api/v1/sources/match', {
      body: {
        producer: asked.producer,
        tables: asked.tables ?? [EVERY_TABLE],
        exclude: asked.exclude,
        ...stored(asked),
      },
    }),
  );

export type ConnectionEnd =
  { end: 'source'; producer: Producer } | { end: 'target'; consumer: Schemas['ConsumerDocument'] };

export const testConnection = ({ task, ...end }: Stored & ConnectionEnd): Promise<Schemas['ConnectionView']> =>
  answer(api.POST('/api/v1/connections/test', { body: { ...end, ...stored({ task }) } }));
