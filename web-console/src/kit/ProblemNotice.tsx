// A refusal of the Server: what was wrong and what to do, as it said it.
import { Alert, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCodes } from '../i18n/codes';
import { asProblem, UNREACHABLE } from '../api/problem';

export function ProblemNotice({ problem: thrown }: { problem: unknown }) {
  const { t } = useTranslation('kit');
  const say = useCodes();
  if (thrown === null || thrown === undefined) return null;
  const problem = asProblem(thrown);
  const unreachable = problem.code === UNREACHABLE;
  const meaning = say('problem', problem.code, 'is') ?? say('failure', problem.code, 'is');
  const hint = say('problem', problem.code, 'do') ?? say('failure', problem.code, 'do');
  return (
    <Alert
      role="alert"
      className="tone-bad"
      variant="transparent"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      styles={{ message: { color: 'inherit' }, icon: { color: 'inherit' }, root: { color: 'inherit' } }}
    >
      {meaning !== undefined && (
        <Text size="sm" fw={600}>
          {meaning}
        </Text>
      )}
      <Text size="sm" fw={meaning === undefined ? 600 : 400}>
        {unreachable ? t('unreachable') : problem.detail}
      </Text>
      {hint !== undefined && <Text size="sm">{t('hint', { hint })}</Text>}
      {problem.hint !== '' && (
        <Text size="sm">{hint === undefined ? t('hint', { hint: problem.hint }) : problem.hint}</Text>
      )}
      {problem.errors.length > 0 && (
        <List size="sm">
          {problem.errors.map((error) => (
            <List.Item key={`${error.key} ${error.problem}`}>
              <span className="mono">{error.key}</span>: {error.problem}
              {error.hint !== '' && ` – ${error.hint}`}
            </List.Item>
          ))}
        </List>
      )}
      <Text size="xs" className="mono">
        {problem.code}
      </Text>
    </Alert>
  );
}
