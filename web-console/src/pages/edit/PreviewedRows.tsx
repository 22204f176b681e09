// Rows of a table as the source has them, and beside them as they arrive.

import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PreviewedTable } from '../../api/preview';
import { Notice } from '../../kit/Notice';
import { laidOut, type Fate } from './previewed';

export function PreviewedRows({ table }: { table: PreviewedTable }) {
  const { t } = useTranslation('edit');
  if (typeof table.problem === 'string') {
    return (
      <Notice tone="bad" title={t('preview.stops_table')}>
        {table.problem}
      </Notice>
    );
  }
  if (table.rows.length === 0) return <Notice tone="calm">{t('preview.empty')}</Notice>;
  const { before, after, rows } = laidOut(table);
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label={t('preview.rows')}>
      <Table withTableBorder verticalSpacing={3} fz="xs" className="beside">
        <Table.Thead>
          <Table.Tr>
            <Table.Th colSpan={before.length} scope="colgroup">
              {t('route.at_source')} <span className="mono">{table.source}</span>
            </Table.Th>
            <Table.Th colSpan={after.length} scope="colgroup" className="arriving">
              {t('route.at_target')} <span className="mono">{table.target}</span>
            </Table.Th>
          </Table.Tr>
          <Table.Tr>
            {before.map((column) => (
              <ColumnName key={column.name} {...column} />
            ))}
            {after.map((column, at) => (
              <ColumnName key={column.name} {...column} arriving={at === 0} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody ff="monospace">
          {rows.map((row, at) => (
            // Rows of a preview have nothing but their place.
            <Table.Tr key={at}>
              {row.before.map((value, place) => (
                <Cell key={place} value={value} />
              ))}
              {!row.arrives && (
                <Table.Td colSpan={after.length} className="arriving tone-warn" ff="text">
                  {t('preview.left_out')}
                </Table.Td>
              )}
              {row.problem !== undefined && (
                <Table.Td colSpan={after.length} className="arriving tone-bad" ff="text">
                  {t('preview.stops_row', { problem: row.problem })}
                </Table.Td>
              )}
              {row.problem === undefined &&
                row.after.map((value, place) => <Cell key={place} value={value} arriving={place === 0} />)}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function ColumnName({ name, fate, arriving = false }: { name: string; fate: Fate | undefined; arriving?: boolean }) {
  const { t } = useTranslation('edit');
  return (
    <Table.Th scope="col" className={arriving ? 'arriving' : ''}>
      <span className="mono">{name}</span>
      {fate && (
        <Text span size="xs" c="dimmed" fw={400}>
          {' '}
          {t(`preview.fate.${fate}`)}
        </Text>
      )}
    </Table.Th>
  );
}

function Cell({ value, arriving = false }: { value: string | null; arriving?: boolean }) {
  return (
    <Table.Td className={arriving ? 'cut arriving' : 'cut'} title={value ?? undefined}>
      {value ?? <span className="soft">NULL</span>}
    </Table.Td>
  );
}
