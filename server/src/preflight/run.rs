//! One preflight from beginning to end.

use super::catalogue::{CHECKS, Check, Decide};
use super::finding::{About, Checked, Finding, Verdict};
use super::ground::{Ground, Side};
use super::{group_survey, survey};
use crate::inspect::limits::Limits;
use crate::inspect::mysql::Login;
use crate::inspect::secret::{Reach, secret};
use crate::inspect::stage::{Stage, StageName, StageState};
use replicator_coordination::session::Session;
use replicator_model::task::{ConsumerSpec, TaskSpec};
use std::collections::BTreeSet;
use std::time::Duration;

/// What is to be checked.
pub struct Wanted<'a> {
    pub spec: TaskSpec,
    /// Whether there is such a task already, and this is it or an edit of it.
    pub is_stored: bool,
    /// Only these; empty: all.
    pub codes: &'a [String],
    /// Only these sides; empty: all.
    pub sides: &'a [About],
    pub reach: Reach,
}

/// Codes that no check has.
pub fn unknown_codes(codes: &[String]) -> Vec<String> {
    codes.iter().filter(|code| !CHECKS.iter().any(|check| check.code == code.as_str())).cloned().collect()
}

/// Runs the checks: the sides are asked at the same time.
pub async fn run(wanted: Wanted<'_>, session: Option<&Session>, limits: &Limits) -> Vec<Checked> {
    let chosen: Vec<&Check> = CHECKS
        .iter()
        .filter(|check| wanted.codes.is_empty() || wanted.codes.iter().any(|code| code == check.code))
        .filter(|check| wanted.sides.is_empty() || wanted.sides.contains(&check.about))
        .collect();
    let needs = |side| chosen.iter().any(|check| check.needs().contains(&side));
    let needed: BTreeSet<About> = [About::Source, About::Target, About::Kafka, About::Coordination]
        .into_iter()
        .filter(|side| needs(*side))
        .collect();
    // Boxed: it holds everything that is asked of all sides at a time.
    let ground = Box::pin(ground(wanted, session, limits, &needed)).await;
    chosen.into_iter().map(|check| check.checked(&ground)).collect()
}

async fn ground(wanted: Wanted<'_>, session: Option<&Session>, limits: &Limits, needed: &BTreeSet<About>) -> Ground {
    let spec = &wanted.spec;
    let _place = limits.place().await;
    let not_asked = "it was not asked for";
    let source = async {
        if !needed.contains(&About::Source) || spec.producer.host.is_empty() {
            return Side::absent(not_asked);
        }
        let password = secret(&spec.producer.password, &spec.producer.tls, wanted.reach);
        survey::source(&Login::of_source(&spec.producer, &password), spec, limits).await
    };
    let target = async {
        match &spec.consumer {
            ConsumerSpec::Mysql(target) if needed.contains(&About::Target) && !target.host.is_empty() => {
                let password = secret(&target.password, &target.tls, wanted.reach);
                survey::target(&Login::of_target(target, password), spec, limits).await
            }
            ConsumerSpec::Mysql(_) => Side::absent(not_asked),
            other => Side::absent(format!("the target is {}", other.kind())),
        }
    };
    let brokers = async {
        match &spec.consumer {
            ConsumerSpec::Kafka(kafka) if needed.contains(&About::Kafka) => {
                survey::brokers(kafka, wanted.reach, limits).await
            }
            ConsumerSpec::Kafka(_) => (Side::absent(not_asked), None),
            other => (Side::absent(format!("the target is {}", other.kind())), None),
        }
    };
    let (source, target, brokers, group) = tokio::join!(
        in_time(limits, source),
        in_time(limits, target),
        in_time(limits, brokers),
        in_time(limits, group_survey::group(session, spec))
    );
    let late = || format!("it did not tell everything within {:?}", limits.timeout * 5 / 2);
    let source = source.unwrap_or_else(|| Side::absent(late()));
    let target = target.unwrap_or_else(|| Side::absent(late()));
    let (kafka, cluster) = brokers.unwrap_or_else(|| (Side::absent(late()), None));
    let group = group.unwrap_or_else(|| Side::absent(late()));
    let mut ground = Ground { spec: wanted.spec.clone(), is_stored: wanted.is_stored, source, target, kafka, group };
    if let Some(cluster) = cluster {
        survey::topics(&mut ground, &cluster, limits).await;
    }
    ground
}

/// What a side tells in two and a half steps' time, so that a whole preflight is answered within a request's. `None`: it
/// was too slow.
async fn in_time<T>(limits: &Limits, asking: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limits.timeout * 5 / 2, asking).await.ok()
}

impl Check {
    /// The sides whose facts it rests on.
    fn needs(&self) -> &'static [About] {
        match self.decide {
            Decide::Stages(About::Kafka, _) => &[About::Kafka],
            Decide::Stages(About::Target, _) => &[About::Target],
            Decide::Stages(..) | Decide::Source(_) => &[About::Source],
            // What it writes to is known by what the source has.
            Decide::Target(_) | Decide::Both(_) => &[About::Source, About::Target],
            Decide::Kafka(_) => &[About::Source, About::Kafka],
            Decide::Group(_) => &[About::Source, About::Coordination],
            Decide::Spec(_) => &[],
        }
    }

    fn checked(&self, ground: &Ground) -> Checked {
        let (finding, took) = self.decided(ground);
        Checked { code: self.code, about: self.about, title: self.title, why: self.why, finding, took }
    }

    fn decided(&self, ground: &Ground) -> (Finding, Duration) {
        let (source, target) = (&ground.source, &ground.target);
        let unreached = |word: &str, absent: &Option<String>, stages: &[Stage]| {
            let why = absent.clone().or_else(|| stopped_at(stages)).unwrap_or_else(|| "it was not asked".to_owned());
            Finding::skipped(format!("{word} was not looked at: {why}"))
        };
        let no_source = || unreached("the source", &source.absent, &source.stages);
        let no_target = || unreached("the target", &target.absent, &target.stages);
        match self.decide {
            Decide::Stages(About::Kafka, names) => staged(&ground.kafka.stages, &ground.kafka.absent, names),
            Decide::Stages(About::Target, names) => staged(&target.stages, &target.absent, names),
            Decide::Stages(_, names) => staged(&source.stages, &source.absent, names),
            Decide::Source(decide) => match &source.reached {
                Some(server) => (decide(server, ground), source.took),
                None => (no_source(), source.took),
            },
            Decide::Target(decide) => match &target.reached {
                Some(server) => (decide(server, ground), target.took),
                None => (no_target(), target.took),
            },
            Decide::Both(decide) => match (&source.reached, &target.reached) {
                (Some(from), Some(to)) => (decide(from, to, ground), source.took.max(target.took)),
                (None, _) => (no_source(), source.took),
                (_, None) => (no_target(), target.took),
            },
            Decide::Kafka(decide) => match &ground.kafka.reached {
                Some(brokers) => (decide(brokers, ground), ground.kafka.took),
                None => (unreached("Kafka", &ground.kafka.absent, &ground.kafka.stages), ground.kafka.took),
            },
            Decide::Group(decide) => match &ground.group.reached {
                Some(group) => (decide(group, ground), ground.group.took),
                None => (unreached("the group", &ground.group.absent, &[]), ground.group.took),
            },
            Decide::Spec(decide) => (decide(ground), Duration::ZERO),
        }
    }
}

/// Why one got no further.
fn stopped_at(stages: &[Stage]) -> Option<String> {
    let failed = stages.iter().find(|stage| stage.state == StageState::Failed);
    failed
        .or_else(|| stages.iter().rev().find(|stage| stage.state == StageState::Skipped))
        .map(|stage| stage.detail.clone())
}

/// Steps of a connection as one check.
fn staged(stages: &[Stage], absent: &Option<String>, names: &[StageName]) -> (Finding, Duration) {
    let of: Vec<&Stage> = stages.iter().filter(|stage| names.contains(&stage.name)).collect();
    let took = of.iter().map(|stage| stage.took).sum();
    let finding = match of.iter().find(|stage| stage.state == StageState::Failed) {
        Some(stage) => Finding { verdict: Verdict::Failed, found: stage.detail.clone(), fix: stage.hint.clone() },
        None => match of.iter().rev().find(|stage| stage.state == StageState::Passed) {
            // A login that was not tried is none, though the step before it went well.
            Some(last) if names.last() == Some(&last.name) => Finding::passed(last.detail.clone()),
            _ => Finding::skipped(
                of.last().map_or_else(|| absent.clone().unwrap_or_default(), |stage| stage.detail.clone()),
            ),
        },
    };
    (finding, took)
}
