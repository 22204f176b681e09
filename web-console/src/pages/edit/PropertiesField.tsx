// Further settings of librdkafka, a line each, as in a properties file.

import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFieldError, useSpecForm } from './FormFields';
import { propertiesOf, propertiesText } from './properties';

export function PropertiesField() {
  const { t } = useTranslation('edit');
  const { spec, change } = useSpecForm();
  const stored = spec.consumer.kind === 'kafka' ? spec.consumer.properties : undefined;
  // A line that is not finished has no place in the spec, so the text is kept here.
  const [text, setText] = useState(propertiesText(stored ?? {}));
  const { properties, unfinished } = propertiesOf(text);
  return (
    <Textarea
      label={t('kafka.properties')}
      description={t('kafka.properties_about')}
      placeholder={'security.protocol = sasl_ssl\nsasl.username = replicator'}
      autosize
      minRows={2}
      maxRows={8}
      spellCheck={false}
      styles={{ input: { fontFamily: 'monospace' } }}
      error={
        useFieldError('consumer.properties') ?? (unfinished ? t('kafka.unfinished', { line: unfinished }) : undefined)
      }
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        const { properties: now } = propertiesOf(currentTarget.value);
        change('consumer.properties', Object.keys(now).length > 0 ? now : undefined);
      }}
      onBlur={() => {
        if (unfinished === null) setText(propertiesText(properties));
      }}
    />
  );
}
