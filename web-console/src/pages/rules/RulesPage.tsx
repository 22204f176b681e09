// When an alert is raised: every rule with its values, what was set otherwise, and which tasks have their own.
import { Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { rulesQuery, saveRules, type Rule, type Rules } from '../../api/rules';
import { useMay } from '../../api/session';
import { PageHeader } from '../../kit/PageHeader';
import { Panel } from '../../kit/Panel';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { amountText, spanText } from '../alerts/amounts';
import { SeverityPill } from '../../kit/SeverityPill';
import { useCodes } from '../../i18n/codes';
import { RuleButton } from './RuleButton';
import { overrideOf, withDefault } from './settings';

export function RulesPage() {
  const { t } = useTranslation('rules');
  const rules = useQuery(rulesQuery);
  return (
    <>
      <PageHeader title={t('title')} text={t('about')} />
      <ProblemNotice problem={rules.error} />
      {rules.data && <RuleTable rules={rules.data} />}
    </>
  );
}

function RuleTable({ rules }: { rules: Rules }) {
  const { t } = useTranslation('rules');
  return (
    <Panel flush>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={t('title')}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {(['rule', 'severity', 'threshold', 'for', 'repeat', 'tasks'] as const).map((column) => (
                <Table.Th key={column}>{t(column)}</Table.Th>
              ))}
              <Table.Th>
                <span className="soft">{t('actions')}</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rules.rules.map((rule) => (
              <Row key={rule.rule} rule={rule} rules={rules} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Panel>
  );
}

function Row({ rule, rules }: { rule: Rule; rules: Rules }) {
  const { t } = useTranslation('rules');
  const say = useCodes();
  const title = say('rule', rule.rule, 'title') ?? rule.title;
  const cache = useQueryClient();
  const mayAdminister = useMay('admin');
  const setting = overrideOf(rule);
  const tasks = Object.keys(rules.task_overrides).filter((task) => rules.task_overrides[task]?.[rule.rule]);
  const changed = (key: keyof typeof setting) => (setting[key] === undefined ? {} : { fw: 700 });
  return (
    <Table.Tr>
      <Table.Td style={{ minWidth: 240 }}>
        <Text size="sm" fw={600}>
          {title} {!rule.enabled && <span className="pill tone-calm">{t('off')}</span>}
        </Text>
        <span className="mono soft">{rule.rule}</span>
        <Text size="xs" className="soft" maw={420}>
          {say('rule', rule.rule, 'meaning') ?? rule.meaning}
        </Text>
      </Table.Td>
      <Table.Td>
        <SeverityPill severity={rule.severity} />
      </Table.Td>
      <Table.Td {...changed('threshold')}>{amountText(rule.threshold, rule.unit) ?? '–'}</Table.Td>
      <Table.Td {...changed('for')}>{spanText(rule.for) ?? (rule.for ? t('at_once') : '–')}</Table.Td>
      <Table.Td {...changed('repeat')}>{spanText(rule.repeat) ?? '–'}</Table.Td>
      <Table.Td>
        {tasks.length === 0
          ? '–'
          : tasks.map((task) => (
              <Link
                key={task}
                to="/tasks/$name"
                params={{ name: task }}
                search={{ tab: 'alerts' }}
                style={{ display: 'block' }}
              >
                {task}
              </Link>
            ))}
      </Table.Td>
      <Table.Td>
        {mayAdminister && (
          <RuleButton
            // What is set is the form's beginning: a change by somebody else begins it anew.
            key={`${rules.version} ${JSON.stringify(setting)}`}
            rule={rule}
            setting={setting}
            otherwise={rule.defaults}
            title={title}
            save={async (changedSetting) => {
              await saveRules(rules.version, withDefault(rules, rule.rule, changedSetting));
              await cache.invalidateQueries({ queryKey: keys.rules });
            }}
          />
        )}
      </Table.Td>
    </Table.Tr>
  );
}
