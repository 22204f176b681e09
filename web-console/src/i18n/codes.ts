// What the Server says in English has stable codes; here a Chinese reader is told the same by code.
//
// English comes from the Server as it is. So there is no `en.json` beside `codes/zh.json`.
import { useTranslation } from 'react-i18next';

/** Of each kind of code, what there is to say. */
interface Sayings {
  failure: 'is' | 'do';
  problem: 'is' | 'do';
  rule: 'title' | 'meaning' | 'do';
  check: 'title' | 'why';
}

export type Say = <Kind extends keyof Sayings>(kind: Kind, code: string, what: Sayings[Kind]) => string | undefined;

/** What the reader's language says of a code; `undefined` where that is left to the Server. */
export function useCodes(): Say {
  const { i18n } = useTranslation();
  return (kind, code, what) => {
    // A code comes from outside, and a dot in it would lead elsewhere.
    const text: unknown = i18n.getResource(i18n.language, 'codes', `${kind}.${code}.${what}`);
    return typeof text === 'string' ? text : undefined;
  };
}
