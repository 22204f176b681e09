// Skipping one transaction: shown before, then left out by an order that says why.
import { Code, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { skip, skippableQuery, type Skippable, type Status } from '../../api/task';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { useOrdered } from './OrderBar';

export function SkipPanel({ status }: { status: Status }) {
  const { t } = useTranslation('task');
  const skippable = useQuery(skippableQuery(status.name));
  return (
    <Panel title={t('skip.title')}>
      <Stack gap="sm">
        <ProblemNotice problem={skippable.error} />
        {skippable.isLoading && <Text size="sm">{t('skip.reading')}</Text>}
        {skippable.data && (
          <>
            <Text size="sm">{skippable.data.explanation}</Text>
            {skippable.data.transaction && <Transaction transaction={skippable.data.transaction} status={status} />}
          </>
        )}
      </Stack>
    </Panel>
  );
}

function Transaction({ transaction, status }: { transaction: NonNullable<Skippable['transaction']>; status: Status }) {
  const { t } = useTranslation('task');
  const ordered = useOrdered(status.name);
  const [reason, setReason] = useState('');
  const { position, gtid, tables, rows, sample } = transaction;
  return (
    <>
      <Text size="sm">
        <span className="mono">{gtid ?? `${position.file}:${position.offset}`}</span>{' '}
        {typeof rows === 'number' && t('skip.rows', { count: rows, tables: tables.join(', ') })}
      </Text>
      {sample.length > 0 && (
        <Code block tabIndex={0} mah={260} style={{ overflow: 'auto' }}>
          {sample.join('\n')}
        </Code>
      )}
      <Group align="flex-end">
        <TextInput
          label={t('skip.reason')}
          flex={1}
          miw={220}
          required
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
        <ConfirmAction
          label={t('skip.do')}
          title={t('skip.confirm', { name: status.name })}
          dangerous
          disabled={reason.trim() === ''}
          typed={status.name}
          act={async () => {
            ordered(await skip(status.name, gtid ? { gtid } : { position }, reason.trim()));
          }}
        >
          <Text size="sm">{t('skip.about')}</Text>
        </ConfirmAction>
      </Group>
    </>
  );
}
