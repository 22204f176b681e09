import { describe, expect, it } from 'vitest';
import {
  emptySpec,
  errorsAt,
  missing,
  redacted,
  secretKind,
  secretOf,
  secretText,
  stepOf,
  valueAt,
  withValueAt,
} from './spec';

describe('a spec that is being written', () => {
  const spec = emptySpec('group1');

  it('takes a value where no table was, and drops the table with its last key', () => {
    const limited = withValueAt(spec, 'pipe.queue_bytes_max', '64 MiB');
    expect(valueAt(limited, 'pipe.queue_bytes_max')).toBe('64 MiB');
    expect(withValueAt(limited, 'pipe.queue_bytes_max', undefined)).toEqual(spec);
    expect(valueAt(spec, 'pipe')).toBeUndefined();
  });

  it('keeps keys that the form does not know', () => {
    const unknown = { ...spec, producer: { ...spec.producer, future: 1 } } as typeof spec;
    expect(valueAt(withValueAt(unknown, 'producer.host', 'db1'), 'producer.future')).toBe(1);
  });

  it.each([
    ['text', 'geheim', 'geheim'],
    ['env', 'DB', { env: 'DB' }],
    ['file', '/p', { file: '/p' }],
  ] as const)('writes a secret of kind %s', (kind, text, secret) => {
    expect(secretOf(kind, text)).toEqual(secret);
    expect(secretKind(secret)).toBe(kind);
    expect(secretText(secret)).toBe(text);
  });

  it('names what is missing, step by step', () => {
    expect(missing(spec, 'source')).toEqual(['name', 'producer.host', 'producer.user']);
    expect(missing(spec, 'target')).toEqual(['consumer.host', 'consumer.user']);
    expect(missing({ ...spec, consumer: { kind: 'kafka', brokers: [] } }, 'target')).toEqual(['consumer.brokers']);
    expect(missing({ ...spec, consumer: { kind: 'stdout' } }, 'target')).toEqual([]);
  });
});

it('shows no secret that was written in it', () => {
  const written = withValueAt(withValueAt(emptySpec('g'), 'producer.password', 'canary'), 'consumer.password', {
    env: 'P',
  });
  const shown = redacted(written);
  expect(JSON.stringify(shown)).not.toContain('canary');
  expect(valueAt(shown, 'consumer.password')).toEqual({ env: 'P' });
  expect(redacted(emptySpec('g'))).toEqual(emptySpec('g'));
});

describe('an error of the API', () => {
  it.each([
    ['name', 'source'],
    ['producer.port', 'source'],
    ['producer.tables[1]', 'tables'],
    ['producer.start.gtid', 'running'],
    ['route[0].to', 'target'],
    ['consumer.brokers', 'target'],
    ['pipe.queue_bytes_max', 'running'],
    ['line 12', 'review'],
  ])('at %s belongs to the step %s', (key, step) => {
    expect(stepOf(key)).toBe(step);
  });

  it('is shown at the field that holds its key', () => {
    const errors = ['producer.start.gtid', 'producer.tables[0]', 'producer.table'].map((key) => ({
      key,
      problem: '',
      hint: '',
    }));
    expect(errorsAt(errors, 'producer.start')).toHaveLength(1);
    expect(errorsAt(errors, 'producer.tables')).toHaveLength(1);
  });
});
