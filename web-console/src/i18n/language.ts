// Which language the console speaks: what was chosen before, else what the browser prefers.
import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';

export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = 'replicator-language';

const loaders = { en: () => import('./en'), zh: () => import('./zh') } satisfies Record<Language, unknown>;

/** The first of `preferred` (such as `zh-CN`) that there are texts for; English if there is none. */
export function choose(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const language = tag.toLowerCase().split('-')[0] ?? '';
    if (language in LANGUAGES) return language as Language;
  }
  return 'en';
}

async function load(language: Language): Promise<void> {
  if (i18n.hasResourceBundle(language, 'words')) return;
  const { default: texts } = await loaders[language]();
  for (const [namespace, bundle] of Object.entries(texts)) i18n.addResourceBundle(language, namespace, bundle);
}

/** Speaks `language` from now on and remembers it. */
export async function speak(language: Language): Promise<void> {
  await load(language);
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : language;
  await i18n.changeLanguage(language);
}

/** To be awaited before anything is shown. */
export async function startLanguage(): Promise<void> {
  const chosen = localStorage.getItem(KEY);
  const language = choose(chosen === null ? navigator.languages : [chosen]);
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: 'words',
    resources: {},
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await load(language);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : language;
  await i18n.changeLanguage(language);
}
