// Making or changing a task: guided, step by step, or as TOML. Both edit the same spec.
import { Button, Group, Modal, Paper, Stack, Stepper, Tabs, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Notice } from '../../kit/Notice';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { SpecFormProvider } from './FormFields';
import { PreflightStep } from './PreflightStep';
import { ReviewStep } from './ReviewStep';
import { RunningStep } from './RunningStep';
import { SourceStep } from './SourceStep';
import { missing, STEPS, stepOf, type Spec, type Step } from './spec';
import { TablesStep } from './TablesStep';
import { TargetStep } from './TargetStep';
import { TomlEditor } from './TomlEditor';
import { useSpecEditor, type SpecEditorState } from './useSpecEditor';

export interface Edited {
  name: string;
  version: number;
}

export function SpecEditor({ initial, edited }: { initial: Spec; edited?: Edited }) {
  const { t } = useTranslation('edit');
  const editor = useSpecEditor(initial);
  const blocker = useBlocker({
    shouldBlockFn: () => editor.dirty.current,
    enableBeforeUnload: () => editor.dirty.current,
    withResolver: true,
  });
  const stored = edited?.name;
  return (
    <SpecFormProvider
      value={{ spec: editor.spec, errors: editor.errors, stored, change: editor.change, refuse: editor.refuse }}
    >
      <Modal opened={blocker.status === 'blocked'} onClose={() => blocker.reset?.()} title={t('leave.title')}>
        <Text size="sm">{t('leave.about')}</Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => blocker.reset?.()} data-autofocus>
            {t('leave.stay')}
          </Button>
          <Button color="red" onClick={() => blocker.proceed?.()}>
            {t('leave.go')}
          </Button>
        </Group>
      </Modal>
      <Tabs
        value={editor.view}
        onChange={(view) => {
          if (view === 'form' || view === 'toml') editor.show(view);
        }}
        keepMounted={false}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="form">{t('view.form')}</Tabs.Tab>
          <Tabs.Tab value="toml">{t('view.toml')}</Tabs.Tab>
        </Tabs.List>
        {editor.conversion.error && <ProblemNotice problem={editor.conversion.error} />}
        <Tabs.Panel value="form">
          <GuidedForm editor={editor} edited={edited} />
        </Tabs.Panel>
        <Tabs.Panel value="toml">
          <Paper withBorder p="md" className="panel">
            <TomlEditor text={editor.toml} errors={editor.errors} onChange={editor.writeToml} />
            <Group mt="sm">
              <Button
                disabled={editor.conversion.isPending}
                onClick={() => {
                  editor.show('form', 'review');
                }}
              >
                {t('toml.review')}
              </Button>
            </Group>
          </Paper>
        </Tabs.Panel>
      </Tabs>
    </SpecFormProvider>
  );
}

function GuidedForm({ editor, edited }: { editor: SpecEditorState; edited: Edited | undefined }) {
  const { t } = useTranslation('edit');
  const { spec, errors, step } = editor;
  const at = STEPS.indexOf(step);
  const next = STEPS[at + 1];
  const before = STEPS[at - 1];
  const elsewhere = errors.filter(({ key }) => stepOf(key) !== step);
  return (
    <Stack gap="md">
      <Stepper
        active={at}
        size="xs"
        iconSize={26}
        onStepClick={(index) => {
          editor.goTo(STEPS[index] ?? 'source');
        }}
        aria-label={t('steps')}
      >
        {STEPS.map((one) => {
          const wrong = missing(spec, one).length > 0 || errors.some(({ key }) => stepOf(key) === one);
          return (
            <Stepper.Step
              key={one}
              label={t(`step.${one}`)}
              aria-current={one === step ? 'step' : undefined}
              color={wrong && STEPS.indexOf(one) < at ? 'orange.8' : ''}
            />
          );
        })}
      </Stepper>
      <Paper withBorder p="md" className="panel" component="section" aria-label={t(`step.${step}`)}>
        {elsewhere.length > 0 && step === 'review' && (
          <Notice tone="bad" title={t('wrong')}>
            {STEPS.filter((one) => elsewhere.some(({ key }) => stepOf(key) === one)).map((one) => (
              <Text size="sm" key={one}>
                <Button
                  variant="subtle"
                  size="compact-sm"
                  onClick={() => {
                    editor.goTo(one);
                  }}
                >
                  {t(`step.${one}`)}
                </Button>
                {elsewhere
                  .filter(({ key }) => stepOf(key) === one)
                  .map(({ key, problem }) => `${key}: ${problem}`)
                  .join('; ')}
              </Text>
            ))}
          </Notice>
        )}
        <StepContent step={step} spec={spec} edited={edited} editor={editor} />
      </Paper>
      <Group justify="space-between">
        <Button
          variant="default"
          disabled={!before}
          onClick={() => {
            if (before) editor.goTo(before);
          }}
        >
          {t('back')}
        </Button>
        {next && (
          <Button
            onClick={() => {
              editor.goTo(next);
            }}
          >
            {t('next', { step: t(`step.${next}`) })}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

interface StepProps {
  step: Step;
  spec: Spec;
  edited: Edited | undefined;
  editor: SpecEditorState;
}

function StepContent({ step, spec, edited, editor }: StepProps) {
  switch (step) {
    case 'source':
      return <SourceStep />;
    case 'tables':
      return <TablesStep />;
    case 'target':
      return <TargetStep />;
    case 'running':
      return <RunningStep />;
    case 'preflight':
      return <PreflightStep spec={spec} stored={edited?.name} />;
    case 'review':
      return <ReviewStep editor={editor} edited={edited} />;
  }
}
