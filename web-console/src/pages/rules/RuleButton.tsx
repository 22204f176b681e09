// Setting a rule otherwise than by default, everywhere or for one task. An empty field is the default.
import { NativeSelect, NumberInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Severity } from '../../api/alerts';
import type { Rule, RuleSetting } from '../../api/rules';
import { ConfirmAction } from '../../kit/ConfirmAction';
import { useCodes } from '../../i18n/codes';
import { SEVERITIES } from '../../kit/SeverityPill';

interface Props {
  rule: Rule;
  /** What is set now. */
  setting: RuleSetting;
  /** What counts where nothing is set. */
  otherwise: RuleSetting;
  title: string;
  save: (setting: RuleSetting) => Promise<unknown>;
}

export function RuleButton({ rule, setting, otherwise, title, save }: Props) {
  const { t } = useTranslation(['rules', 'words']);
  const say = useCodes();
  const [draft, setDraft] = useState(setting);
  const put = <Key extends keyof RuleSetting>(key: Key, value: RuleSetting[Key] | undefined): void => {
    const others = Object.fromEntries(Object.entries(draft).filter(([known]) => known !== key)) as RuleSetting;
    setDraft(value === undefined ? others : { ...others, [key]: value });
  };
  const word = (enabled: boolean | null | undefined) => (enabled === false ? t('off') : t('on'));
  return (
    <ConfirmAction
      label={t('set')}
      title={title}
      act={() => save(draft)}
      button={{ 'aria-label': t('set_rule', { rule: say('rule', rule.rule, 'title') ?? rule.title }) }}
    >
      <Stack gap="xs">
        <Text size="sm" className="soft">
          {t('set_about')}
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
          <NativeSelect
            label={t('enabled')}
            value={draft.enabled === undefined ? '' : String(draft.enabled)}
            data={[
              { value: '', label: t('as_default', { value: word(otherwise.enabled) }) },
              { value: 'true', label: t('on') },
              { value: 'false', label: t('off') },
            ]}
            onChange={({ currentTarget: { value } }) => put('enabled', value === '' ? undefined : value === 'true')}
          />
          <NativeSelect
            label={t('severity')}
            value={draft.severity ?? ''}
            data={[
              { value: '', label: t('as_default', { value: t(`words:severity.${otherwise.severity ?? 'warning'}`) }) },
              ...SEVERITIES.map((value) => ({ value, label: t(`words:severity.${value}`) })),
            ]}
            onChange={({ currentTarget: { value } }) => put('severity', value === '' ? undefined : (value as Severity))}
          />
          {(['threshold', 'clear'] as const).map(
            (key) =>
              (otherwise[key] ?? null) !== null && (
                <NumberInput
                  key={key}
                  label={rule.unit ? t('in_unit', { name: t(key), unit: rule.unit }) : t(key)}
                  placeholder={String(otherwise[key])}
                  min={0}
                  hideControls
                  value={draft[key] ?? ''}
                  onChange={(value) => put(key, typeof value === 'number' ? value : undefined)}
                />
              ),
          )}
          {(['for', 'keep', 'repeat'] as const).map((key) => (
            <TextInput
              key={key}
              label={t(key)}
              placeholder={otherwise[key] ?? ''}
              value={draft[key] ?? ''}
              onChange={({ currentTarget: { value } }) => put(key, value === '' ? undefined : value)}
            />
          ))}
        </SimpleGrid>
      </Stack>
    </ConfirmAction>
  );
}
