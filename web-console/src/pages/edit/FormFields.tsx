// Fields of the spec: each knows its key, shows its value and what the Server said against it.

import { NativeSelect, NumberInput, TagsInput, TextInput } from '@mantine/core';
import { createContext, useContext, type ReactNode } from 'react';
import { errorsAt, valueAt, type FieldError, type Spec } from './spec';

export interface SpecForm {
  spec: Spec;
  errors: readonly FieldError[];
  /** The stored task that is edited, or undefined for a new one. */
  stored: string | undefined;
  change: (path: string, value: unknown) => void;
  /** Shows at their fields what the Server said. */
  refuse: (errors: readonly FieldError[]) => void;
}

const FormContext = createContext<SpecForm | null>(null);
export const SpecFormProvider = FormContext.Provider;

export function useSpecForm(): SpecForm {
  const form = useContext(FormContext);
  if (!form) throw new Error('a field of the spec outside of its form');
  return form;
}

/** What is wrong with a field and what to do about it. */
export function useFieldError(path: string): ReactNode {
  return errorLines(errorsAt(useSpecForm().errors, path));
}

export function errorLines(errors: readonly FieldError[]): ReactNode {
  if (errors.length === 0) return undefined;
  return errors.map(({ key, problem, hint }) => (
    <span key={key + problem} style={{ display: 'block' }}>
      {problem}; {hint}
    </span>
  ));
}

interface FieldProps {
  path: string;
  label: string;
  description?: string;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
}

/** A text; an optional one that is emptied is left out of the spec. */
export function SpecText({ path, required = false, ...rest }: FieldProps) {
  const { spec, change } = useSpecForm();
  const value = valueAt(spec, path);
  return (
    <TextInput
      {...rest}
      withAsterisk={required}
      aria-required={required}
      autoComplete="off"
      spellCheck={false}
      error={useFieldError(path)}
      value={typeof value === 'string' ? value : ''}
      onChange={({ currentTarget }) => {
        change(path, currentTarget.value === '' && !required ? undefined : currentTarget.value);
      }}
    />
  );
}

export function SpecNumber({ path, min, max, required = false, ...rest }: FieldProps & { min: number; max: number }) {
  const { spec, change } = useSpecForm();
  const value = valueAt(spec, path);
  return (
    <NumberInput
      {...rest}
      withAsterisk={required}
      min={min}
      max={max}
      allowDecimal={false}
      hideControls
      error={useFieldError(path)}
      value={typeof value === 'number' ? value : ''}
      onChange={(given) => {
        change(path, typeof given === 'number' ? given : undefined);
      }}
    />
  );
}

/** One of a few words; the first is the default and is left out of the spec. */
export function SpecChoice({ path, choices, ...rest }: FieldProps & { choices: { value: string; label: string }[] }) {
  const { spec, change } = useSpecForm();
  const value = valueAt(spec, path);
  const first = choices[0]?.value ?? '';
  return (
    <NativeSelect
      {...rest}
      data={choices}
      error={useFieldError(path)}
      value={typeof value === 'string' ? value : first}
      onChange={({ currentTarget }) => {
        change(path, currentTarget.value === first ? undefined : currentTarget.value);
      }}
    />
  );
}

/** A list of texts, one a tag. `always` keeps the key when the list is empty. */
export function SpecTags({ path, always = false, required = false, ...rest }: FieldProps & { always?: boolean }) {
  const { spec, change } = useSpecForm();
  const value = valueAt(spec, path);
  return (
    <TagsInput
      {...rest}
      withAsterisk={required}
      splitChars={[',', ' ']}
      acceptValueOnBlur
      error={useFieldError(path)}
      value={Array.isArray(value) ? value.map(String) : []}
      onChange={(tags) => {
        change(path, tags.length === 0 && !always ? undefined : tags);
      }}
    />
  );
}
