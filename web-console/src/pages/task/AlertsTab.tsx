// The alerts of one task, and what its rules are set to otherwise than everywhere.
import { Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { alertsQuery } from '../../api/alerts';
import { usePoll } from '../../api/contact';
import { keys } from '../../api/keys';
import { rulesQuery, saveTaskRules, type Rule, type Rules } from '../../api/rules';
import { useMay } from '../../api/session';
import { useCodes } from '../../i18n/codes';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { AlertList } from '../alerts/AlertList';
import { RuleButton } from '../rules/RuleButton';
import { withRule } from '../rules/settings';

export function AlertsTab({ name }: { name: string }) {
  const { t } = useTranslation('task');
  const alerts = useQuery({ ...alertsQuery(name), refetchInterval: usePoll() });
  const rules = useQuery(rulesQuery);
  return (
    <Stack gap="md">
      <ProblemNotice problem={alerts.error ?? rules.error} />
      {alerts.data && <AlertList alerts={alerts.data.alerts} />}
      <Text size="sm">
        <Link to="/alerts" search={{ task: name, show: 'resolved' }}>
          {t('alerts.resolved')}
        </Link>
      </Text>
      {rules.data && <TaskRules name={name} rules={rules.data} />}
    </Stack>
  );
}

/** Rules that a task can have its own values of. */
const aboutTasks = (rule: Rule) => rule.about === 'task';

function TaskRules({ name, rules }: { name: string; rules: Rules }) {
  const { t } = useTranslation('task');
  const cache = useQueryClient();
  const mayAdminister = useMay('admin');
  const say = useCodes();
  const own = rules.task_overrides[name] ?? {};
  return (
    <Panel title={t('alerts.rules')} flush>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={t('alerts.rules')}>
        <Table>
          <Table.Tbody>
            {rules.rules.filter(aboutTasks).map((rule) => {
              const setting = own[rule.rule] ?? {};
              const title = say('rule', rule.rule, 'title') ?? rule.title;
              const set = Object.entries(setting).map(([key, value]) => `${key} = ${String(value)}`);
              return (
                <Table.Tr key={rule.rule}>
                  <Table.Td>
                    {title} <span className="mono soft">{rule.rule}</span>
                  </Table.Td>
                  <Table.Td className={set.length > 0 ? 'mono' : 'soft'}>
                    {set.length > 0 ? set.join(', ') : t('alerts.as_everywhere')}
                  </Table.Td>
                  <Table.Td>
                    {mayAdminister && (
                      <RuleButton
                        key={`${rules.version} ${JSON.stringify(setting)}`}
                        rule={rule}
                        setting={setting}
                        otherwise={{
                          enabled: rule.enabled,
                          severity: rule.severity,
                          ...(rule.for && { for: rule.for }),
                          ...(rule.keep && { keep: rule.keep }),
                          ...(rule.repeat && { repeat: rule.repeat }),
                          ...(typeof rule.threshold === 'number' && { threshold: rule.threshold }),
                          ...(typeof rule.clear === 'number' && { clear: rule.clear }),
                        }}
                        title={t('alerts.of_task', { rule: title, name })}
                        save={async (changed) => {
                          await saveTaskRules(name, withRule(own, rule.rule, changed));
                          await cache.invalidateQueries({ queryKey: keys.rules });
                        }}
                      />
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
    </Panel>
  );
}
