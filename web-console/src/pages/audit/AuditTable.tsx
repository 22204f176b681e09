// Entries of the audit; a change shows its diff. Also used for the entries of one task.
import { Collapse, Table, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '../../api/audit';
import { formatMoment } from '../../kit/format';
import classes from './audit.module.css';
import { OutcomePill } from './OutcomePill';

export function AuditTable({ entries }: { entries: readonly AuditEntry[] }) {
  const { t } = useTranslation('audit');
  return (
    <div className="panel table-scroll" tabIndex={0} role="region" aria-label={t('title')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('column.at')}</Table.Th>
            <Table.Th>{t('column.user')}</Table.Th>
            <Table.Th>{t('column.what')}</Table.Th>
            <Table.Th>{t('column.outcome')}</Table.Th>
            <Table.Th visibleFrom="md">{t('column.from')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <Row key={entry.id} entry={entry} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
  const { i18n } = useTranslation();
  return (
    <Table.Tr>
      <Table.Td style={{ whiteSpace: 'nowrap', verticalAlign: 'top' }}>
        {!entry.at ? '–' : formatMoment(new Date(entry.at), i18n.language)}
      </Table.Td>
      <Table.Td style={{ verticalAlign: 'top' }}>{entry.user ?? '–'}</Table.Td>
      <Table.Td>
        <span className="mono">{entry.action}</span> <strong>{entry.subject}</strong>
        {entry.detail !== '' && (
          <Text size="sm" className="soft" style={{ overflowWrap: 'anywhere' }}>
            {entry.detail}
          </Text>
        )}
        {entry.diff ? <Diff text={entry.diff} /> : null}
      </Table.Td>
      <Table.Td style={{ verticalAlign: 'top' }}>
        <OutcomePill outcome={entry.outcome} />
      </Table.Td>
      <Table.Td visibleFrom="md" style={{ verticalAlign: 'top' }}>
        <span className="mono">{entry.address}</span> <span className="soft">{entry.via}</span>
      </Table.Td>
    </Table.Tr>
  );
}

function Diff({ text }: { text: string }) {
  const { t } = useTranslation('audit');
  const [opened, { toggle }] = useDisclosure();
  const Icon = opened ? IconChevronDown : IconChevronRight;
  return (
    <>
      <UnstyledButton onClick={toggle} aria-expanded={opened} className={classes['toggle'] ?? ''}>
        <Icon size={14} aria-hidden /> {t('diff')}
      </UnstyledButton>
      <Collapse expanded={opened}>
        <pre className={classes['diff']} tabIndex={0}>
          {text.split('\n').map((line, index) => (
            // Lines never move within one diff.
            <span key={index} className={kindOf(line)}>
              {line}
              {'\n'}
            </span>
          ))}
        </pre>
      </Collapse>
    </>
  );
}

function kindOf(line: string): string | undefined {
  if (line.startsWith('+')) return classes['added'];
  if (line.startsWith('-')) return classes['removed'];
  return undefined;
}
