// Lines over time (uPlot), with the same numbers as a table for those who don't see the picture.
import 'uplot/dist/uPlot.min.css';
import { Button, Table } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import { formatMoment, formatTicks } from './format';

export interface Line {
  label: string;
  /** A CSS colour, such as `var(--busy-text)`. */
  colour: string;
  /** `null` is a gap: it was not known. */
  values: readonly (number | null)[];
}

interface Props {
  title: string;
  /** Seconds since 1970, growing. */
  times: readonly number[];
  lines: readonly Line[];
  format: (value: number) => string;
  height?: number;
}

/** Rows of the table twin: enough to read, few enough to hear. */
const ROWS = 30;

function resolve(colour: string): string {
  const name = /^var\((--[\w-]+)\)$/.exec(colour)?.[1];
  if (name === undefined) return colour;
  // A custom property keeps `light-dark(…)` unresolved; a real property of an element does not.
  const probe = document.createElement('span');
  probe.style.color = colour;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

interface Looks {
  width: number;
  height: number;
  language: string;
  time: string;
}

function options({ lines, format, width, height, language, time }: Pick<Props, 'lines' | 'format'> & Looks) {
  const ink = resolve('var(--soft-text)');
  const grid = { stroke: resolve('var(--line)'), width: 1 };
  return {
    width,
    height,
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_: uPlot, __: number, most: number): [number, number] => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { stroke: ink, grid, ticks: grid, values: (_: uPlot, at: number[]) => formatTicks(at, language) },
      { stroke: ink, grid, ticks: grid, size: 72, values: (_: uPlot, at: number[]) => at.map(format) },
    ],
    series: [
      {
        label: time,
        value: (_: uPlot, at: number | null) => (at === null ? '–' : formatMoment(new Date(at * 1000), language)),
      },
      ...lines.map((line) => ({
        label: line.label,
        stroke: resolve(line.colour),
        width: 1.6,
        spanGaps: false,
        value: (_: uPlot, value: number | null) => (value === null ? '–' : format(value)),
      })),
    ],
  } satisfies uPlot.Options;
}

export function Chart({ title, times, lines, format, height = 200 }: Props) {
  const { t, i18n } = useTranslation('kit');
  const { language } = i18n;
  const time = t('time');
  const { ref: box, width } = useElementSize();
  const plot = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const [asTable, setAsTable] = useState(false);
  const scheme = document.documentElement.dataset['mantineColorScheme'];
  const look = lines.map((line) => `${line.label} ${line.colour}`).join();
  const data = [times, ...lines.map((line) => line.values)] as uPlot.AlignedData;
  const latest = useRef({ data, lines, format });
  useEffect(() => {
    latest.current = { data, lines, format };
    drawn.current?.setData(data);
  });
  useEffect(() => {
    if (plot.current === null || width === 0 || asTable) return undefined;
    const made = new uPlot(
      options({ ...latest.current, width, height, language, time }),
      latest.current.data,
      plot.current,
    );
    drawn.current = made;
    return () => {
      drawn.current = null;
      made.destroy();
    };
  }, [width, height, asTable, scheme, look, language, time]);
  return (
    <figure style={{ margin: 0 }} aria-label={title}>
      {/* A picture as wide as the screen was must not keep the page so wide when that is turned. */}
      <div ref={box} style={{ overflow: 'hidden' }}>
        {asTable ? <Twin times={times} lines={lines} format={format} /> : <div ref={plot} aria-hidden />}
      </div>
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        onClick={() => setAsTable(!asTable)}
        aria-pressed={asTable}
      >
        {t('asTable')}
      </Button>
    </figure>
  );
}

function Twin({ times, lines, format }: Pick<Props, 'times' | 'lines' | 'format'>) {
  const { t, i18n } = useTranslation('kit');
  const step = Math.max(1, Math.ceil(times.length / ROWS));
  const shown = times
    .map((time, index) => ({ time, index }))
    .filter(({ index }) => (times.length - 1 - index) % step === 0);
  return (
    <div className="table-scroll">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('time')}</Table.Th>
            {lines.map((line) => (
              <Table.Th key={line.label}>{line.label}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.reverse().map(({ time, index }) => (
            <Table.Tr key={time}>
              <Table.Td>{formatMoment(new Date(time * 1000), i18n.language)}</Table.Td>
              {lines.map((line) => {
                const value = line.values[index];
                return (
                  <Table.Td key={line.label}>{value === null || value === undefined ? '–' : format(value)}</Table.Td>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
