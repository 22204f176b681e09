import type { History } from '../../api/task';

type Segment = History['states'][number];

/** Each segment with its part of the whole time, 0 to 1. */
export function shares(states: readonly Segment[]): (Segment & { share: number })[] {
  const length = ({ from, to }: Segment) => Math.max(0, Date.parse(to ?? '') - Date.parse(from ?? '') || 0);
  const whole = states.reduce((sum, segment) => sum + length(segment), 0);
  return states.map((segment) => ({ ...segment, share: whole === 0 ? 1 / states.length : length(segment) / whole }));
}
