import { useFieldError, useSpecForm } from './FormFields';
import { SecretInput } from './SecretInput';
import { valueAt, type Secret } from './spec';

/** A secret of the spec. */
export function SecretField({ path, label }: { path: string; label: string }) {
  const { spec, change } = useSpecForm();
  return (
    <SecretInput
      label={label}
      place="core"
      secret={valueAt(spec, path) as Secret | undefined}
      error={useFieldError(path)}
      onChange={(secret) => change(path, secret)}
    />
  );
}
