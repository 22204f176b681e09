// One task: its name, what it does and is to do, and everything else in tabs that are part of the address.
import { Tabs } from '@mantine/core';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useStatus, type Status } from '../../api/task';
import { EmptyState } from '../../kit/EmptyState';
import { PageHeader } from '../../kit/PageHeader';
import { ProblemNotice } from '../../kit/ProblemNotice';
import { StatePill } from '../../kit/StatePill';
import { ErrorsTab } from './ErrorsTab';
import { InstancesTab } from './InstancesTab';
import { OrderBar } from './OrderBar';
import { OverviewTab } from './OverviewTab';
import { TABS, type Tab } from './search';

const LagTab = lazy(() => import('./LagTab').then((page) => ({ default: page.LagTab })));
const PositionTab = lazy(() => import('./PositionTab').then((page) => ({ default: page.PositionTab })));
const VersionsTab = lazy(() => import('./VersionsTab').then((page) => ({ default: page.VersionsTab })));
const ConflictsTab = lazy(() => import('./ConflictsTab').then((page) => ({ default: page.ConflictsTab })));
const AlertsTab = lazy(() => import('./AlertsTab').then((page) => ({ default: page.AlertsTab })));
const AuditTab = lazy(() => import('./AuditTab').then((page) => ({ default: page.AuditTab })));

export function TaskPage() {
  const { t } = useTranslation('task');
  const { name } = useParams({ from: '/shell/tasks/$name' });
  const { tab = 'overview' } = useSearch({ from: '/shell/tasks/$name' });
  const navigate = useNavigate();
  const status = useStatus(name);
  if (!status.data) {
    return (
      <>
        <PageHeader title={name} />
        {status.error ? <ProblemNotice problem={status.error} /> : <EmptyState title={t('reading')} />}
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={name}
        beside={<StatePill state={status.data.state} desired={status.data.desired.state} />}
        text={`${status.data.source.address} → ${status.data.target.address}`}
      >
        <OrderBar status={status.data} />
      </PageHeader>
      {status.error && <ProblemNotice problem={status.error} />}
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(chosen) => {
          const search = chosen === 'overview' || chosen === null ? {} : { tab: chosen as Tab };
          void navigate({ to: '/tasks/$name', params: { name }, search });
        }}
      >
        <Tabs.List mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one} px="sm" style={{ flexShrink: 0 }}>
              {t(`tab.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <Suspense fallback={null}>
            <Content tab={tab} status={status.data} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Content({ tab, status }: { tab: Tab; status: Status }) {
  switch (tab) {
    case 'overview':
      return <OverviewTab status={status} />;
    case 'lag':
      return <LagTab name={status.name} />;
    case 'instances':
      return <InstancesTab status={status} />;
    case 'position':
      return <PositionTab status={status} />;
    case 'versions':
      return <VersionsTab name={status.name} current={status.version} />;
    case 'errors':
      return <ErrorsTab status={status} />;
    case 'conflicts':
      return <ConflictsTab name={status.name} />;
    case 'alerts':
      return <AlertsTab name={status.name} />;
    case 'audit':
      return <AuditTab name={status.name} />;
  }
}
