// Who did what, newest first, denied and failed ones too.
import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconHistory } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLoads } from '../../app/NotFound';
import { auditQuery } from '../../api/audit';
import { EmptyState } from '../../kit/EmptyState';
import { PageHeader } from '../../kit/PageHeader';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { AuditTable } from './AuditTable';
import type { AuditSearch } from './search';

const TYPING_MS = 300;
const FILTERS = ['user', 'task', 'action'] as const;

export function AuditPage() {
  const { t } = useTranslation('audit');
  const search = useSearch({ from: '/shell/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const audit = useInfiniteQuery(auditQuery(search));
  const entries = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  const go = (next: AuditSearch) => void navigate({ search: next, replace: true });
  return (
    <>
      <PageHeader title={t('title')} text={t('about')} />
      <Stack gap="sm">
        <Group gap="sm" align="flex-end">
          {FILTERS.map((key) => (
            <Filter key={key} name={key} search={search} onChange={go} />
          ))}
          <Button variant="default" size="sm" onClick={() => void audit.refetch()} loading={audit.isRefetching}>
            {t('refresh')}
          </Button>
        </Group>
        <ProblemNotice problem={audit.error} />
        {audit.isPending && <PageLoads />}
        {audit.data !== undefined && entries.length === 0 && (
          <div className="panel">
            <EmptyState icon={IconHistory} title={t('none')} />
          </div>
        )}
        {entries.length > 0 && <AuditTable entries={entries} />}
        {audit.hasNextPage && (
          <Button
            variant="default"
            w="fit-content"
            loading={audit.isFetchingNextPage}
            onClick={() => void audit.fetchNextPage()}
          >
            {t('more')}
          </Button>
        )}
      </Stack>
    </>
  );
}

interface FilterProps {
  name: (typeof FILTERS)[number];
  search: AuditSearch;
  onChange: (next: AuditSearch) => void;
}

function Filter({ name, search, onChange }: FilterProps) {
  const { t } = useTranslation('audit');
  const [words, setWords] = useState(search[name] ?? '');
  const typed = useDebouncedCallback((value: string) => {
    const { [name]: _, ...rest } = search;
    onChange(value === '' ? rest : { ...rest, [name]: value });
  }, TYPING_MS);
  return (
    <TextInput
      label={t(`filter.${name}`)}
      value={words}
      onChange={(event) => {
        setWords(event.currentTarget.value);
        typed(event.currentTarget.value.trim());
      }}
      w={{ base: '100%', xs: 190 }}
      {...(name === 'user' ? { 'data-search': true } : {})}
    />
  );
}
