// Every check of a task before it runs, by what it is about; each can be run again alone.
import { Button, Group, Loader, Stack, Text, Title } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { runPreflight, type Check } from '../../api/preflight';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { CheckRow } from './CheckRow';
import { byAbout, counted, merged } from './checks';
import type { Spec } from './spec';

export function PreflightStep({ spec, stored }: { spec: Spec; stored: string | undefined }) {
  const { t } = useTranslation('edit');
  const [checks, setChecks] = useState<Check[]>([]);
  const run = useMutation({
    mutationFn: (codes?: string[]) => runPreflight(spec, stored, codes),
    onSuccess: (result, codes) => {
      setChecks((known) => (codes ? merged(known, result.checks) : result.checks));
    },
  });
  const { mutate } = run;
  // Once when the step is opened; from then on by hand.
  useEffect(() => {
    mutate(undefined);
  }, [mutate]);
  const { passed, warning, failed } = counted(checks);
  const running = run.isPending ? run.variables : null;
  const all = run.isPending && run.variables === undefined;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" role="status" fw={600}>
          {all ? t('preflight.running') : t('preflight.counts', { passed, warning, failed })}
        </Text>
        <Button
          variant="default"
          leftSection={all ? <Loader size={14} /> : <IconRefresh size={16} />}
          disabled={run.isPending}
          onClick={() => {
            run.mutate(undefined);
          }}
        >
          {t('preflight.again')}
        </Button>
      </Group>
      {run.error && <ProblemNotice problem={run.error} />}
      {byAbout(checks).map(([about, group]) => (
        <Stack gap="xs" key={about} component="section" aria-label={t(`preflight.about.${about}`)}>
          <Title order={2} size="sm">
            {t(`preflight.about.${about}`)}
          </Title>
          {group.map((check) => (
            <CheckRow
              key={check.code}
              check={check}
              running={all || (running?.includes(check.code) ?? false)}
              onRunAgain={() => {
                run.mutate([check.code]);
              }}
            />
          ))}
        </Stack>
      ))}
    </Stack>
  );
}
