// What the navigation lists: pages, who may see them, and the keys that lead there.
import {
  IconBell,
  IconBellOff,
  IconClipboardList,
  IconCpu,
  IconGauge,
  IconHistory,
  IconKey,
  IconLayoutDashboard,
  IconSend,
  IconUsers,
} from '@tabler/icons-react';
import type { Role } from '../../api/session';

/** In the order of the navigation; `key` is pressed after `g`. */
export const PAGES = [
  { to: '/', text: 'nav.overview', icon: IconLayoutDashboard, key: 'o', role: 'viewer' },
  { to: '/tasks', text: 'nav.tasks', icon: IconClipboardList, key: 't', role: 'viewer' },
  { to: '/cores', text: 'nav.cores', icon: IconCpu, key: 'c', role: 'viewer' },
  { to: '/alerts', text: 'nav.alerts', icon: IconBell, key: 'a', role: 'viewer' },
  { to: '/rules', text: 'nav.rules', icon: IconGauge, key: 'r', role: 'viewer' },
  { to: '/silences', text: 'nav.silences', icon: IconBellOff, key: 's', role: 'viewer' },
  { to: '/channels', text: 'nav.channels', icon: IconSend, key: 'h', role: 'viewer' },
  { to: '/users', text: 'nav.users', icon: IconUsers, key: 'u', role: 'admin' },
  { to: '/tokens', text: 'nav.tokens', icon: IconKey, key: 'k', role: 'viewer' },
  { to: '/audit', text: 'nav.audit', icon: IconHistory, key: 'l', role: 'operator' },
] as const satisfies readonly { to: string; text: string; icon: unknown; key: string; role: Role }[];
