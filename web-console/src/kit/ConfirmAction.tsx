// A button that says what it will do before it does it, and shows why it could not.
import { Button, Group, Modal, Stack, TextInput, type ButtonProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNotice } from './ProblemNotice';

interface Props {
  /** On the button and on the one that confirms. */
  label: string;
  title: string;
  /** What will happen. */
  children: ReactNode;
  act: () => Promise<unknown>;
  /** Something is lost by it: drawn so. */
  dangerous?: boolean;
  /** Has to be typed first. */
  typed?: string;
  disabled?: boolean;
  button?: ButtonProps & { 'aria-label'?: string };
}

export function ConfirmAction({
  label,
  title,
  children,
  act,
  dangerous = false,
  typed,
  disabled = false,
  button,
}: Props) {
  const { t } = useTranslation('kit');
  const [opened, { open, close }] = useDisclosure();
  const [text, setText] = useState('');
  const acting = useMutation({ mutationFn: act, onSuccess: close });
  const start = () => {
    setText('');
    acting.reset();
    open();
  };
  const allowed = typed === undefined || text === typed;
  return (
    <>
      <Button variant="default" disabled={disabled} {...button} onClick={start}>
        {label}
      </Button>
      <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ 'aria-label': t('close') }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (allowed) acting.mutate();
          }}
        >
          <Stack gap="sm">
            <div>{children}</div>
            {typed !== undefined && (
              <TextInput
                label={t('type', { word: typed })}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
                autoComplete="off"
                data-autofocus
              />
            )}
            <ProblemNotice problem={acting.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {t('cancel')}
              </Button>
              <Button
                type="submit"
                loading={acting.isPending}
                disabled={!allowed}
                {...(dangerous ? { color: 'red.8' } : {})}
              >
                {label}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
