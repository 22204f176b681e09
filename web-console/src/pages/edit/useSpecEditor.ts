// The state of the editor: one spec, whether it is seen as a form or as TOML.
import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { convertSpec } from '../../api/specs';
import { withValueAt, type FieldError, type Spec, type Step } from './spec';

export type View = 'form' | 'toml';

export function useSpecEditor(initial: Spec) {
  const [spec, setSpec] = useState(initial);
  const [errors, setErrors] = useState<readonly FieldError[]>([]);
  const [view, setView] = useState<View>('form');
  const [step, setStep] = useState<Step>('source');
  const [toml, setToml] = useState('');
  // Read by the guard against leaving, which must not see what was true a render ago.
  const dirty = useRef(false);

  const conversion = useMutation({ mutationFn: convertSpec });

  const change = (path: string, value: unknown): void => {
    dirty.current = true;
    setSpec((before) => withValueAt(before, path, value));
    // What was said against the old value is not said against the new one.
    setErrors((before) =>
      before.filter(({ key }) => key !== path && !key.startsWith(`${path}.`) && !key.startsWith(`${path}[`)),
    );
  };

  const show = (wanted: View, at?: Step): void => {
    if (wanted === view) return;
    if (wanted === 'toml') {
      conversion.mutate(
        { spec },
        {
          onSuccess: (converted) => {
            setToml(converted.toml ?? '');
            setErrors(converted.errors);
            setView('toml');
          },
        },
      );
      return;
    }
    conversion.mutate(
      { toml },
      {
        onSuccess: (converted) => {
          setErrors(converted.errors);
          // What is wrong without a key is wrong with the shape: the form could not show it, and the text stays.
          if (!converted.spec || converted.errors.some(({ key }) => key === '')) return;
          setSpec(converted.spec);
          if (at) setStep(at);
          setView('form');
        },
      },
    );
  };

  return {
    spec,
    errors,
    view,
    step,
    toml,
    dirty,
    conversion,
    change,
    show,
    refuse: (wrong: readonly FieldError[]) => {
      setErrors(wrong);
    },
    replace: (other: Spec) => {
      setSpec(other);
      setErrors([]);
    },
    /** What was written is stored, or given up: nothing is lost by leaving. */
    saved: () => {
      dirty.current = false;
    },
    goTo: setStep,
    writeToml: (text: string) => {
      dirty.current = true;
      setToml(text);
    },
  };
}

export type SpecEditorState = ReturnType<typeof useSpecEditor>;
