// A small line without axes; what it shows is also said beside it or in its label.
import { sparkline } from './sparkline-path';

interface Props {
  values: readonly (number | null)[];
  label: string;
  width?: number;
  height?: number;
}

export function Sparkline({ values, label, width = 90, height = 22 }: Props) {
  return (
    <svg
      className="spark"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      <path d={sparkline(values, width, height)} />
    </svg>
  );
}
