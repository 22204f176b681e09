//! What each rule's alerts are called, and in Chinese what to do: the rules themselves speak English.

use replicator_model::alert::{Notice, Subject};
use replicator_model::channel::Language;

/// One rule: its title in both languages, where `{}` stands for the subject, and the hint in Chinese.
type Words = (&'static str, &'static str, &'static str, &'static str);

/// Where the hint depends on the failure it is the rule's own, in English.
const OWN_HINT: &str = "";

const WORDS: [Words; 16] = [
    (
        "no_running_instance",
        "Nobody runs {}",
        "{}没有运行中的实例",
        "在该分组中启动 Core，或查看已有 Core 为何没有接管",
    ),
    ("task_failed", "{} failed", "{}已失败", OWN_HINT),
    ("task_lag_critical", "{} is far behind its source", "{}严重落后于源端", "检查目标端负载、锁等待与网络"),
    (
        "binlog_purge_near",
        "{} may lose its place: the source is about to purge its log",
        "{}尚未读取的 binlog 即将被源端清除",
        "延长源端 binlog 保留时间，并让任务尽快追上",
    ),
    (
        "coordination_away",
        "The coordination service does not answer",
        "协调服务无响应",
        "检查 ZooKeeper 各节点以及到它们的网络",
    ),
    ("task_lag_warning", "{} is behind its source", "{}落后于源端", "检查目标端负载、锁等待与网络"),
    ("not_advancing", "{} does not advance", "{}停滞不前", "查看任务的错误与重试原因"),
    ("paused_too_long", "{} has been paused for long", "{}暂停时间过长", "恢复任务；源端的 binlog 会被清除"),
    ("standbys_missing", "{} lacks standbys", "{}缺少备用实例", "在该分组中启动更多 Core"),
    (
        "spec_not_acknowledged",
        "{} does not run its new spec everywhere",
        "{}的新配置尚未在所有实例生效",
        "查看未确认的实例及其日志",
    ),
    (
        "flapping",
        "{} changes hands again and again",
        "{}在 Core 之间频繁切换",
        "检查各 Core 的负载、网络以及与协调服务的会话",
    ),
    (
        "stale_epoch_refused",
        "A former owner of {} was refused",
        "{}拒绝了旧的持有者写入",
        "数据没有受损；检查该 Core 是否曾被挂起或断网",
    ),
    ("core_gone", "{} is gone", "{}已离线", "检查该主机与 Core 进程"),
    ("channel_failing", "{} does not deliver", "{}无法投递", "检查渠道的地址、密钥与接收方，并发送测试消息"),
    ("monitor_late", "{} is late", "{}评估滞后", "检查该 Monitor 进程与主机"),
    ("failover", "{} was taken over by another Core", "{}已由其他 Core 接管", "无需操作；可查看原 Core 离开的原因"),
];

fn words(rule: &str) -> Option<&'static Words> {
    WORDS.iter().find(|(code, ..)| *code == rule)
}

/// One line that says what is wrong with whom.
pub(super) fn title(rule: &str, subject: &Subject, language: Language) -> String {
    let named = named(subject, language);
    let title = words(rule).map(|(_, en, zh, _)| match language {
        Language::En => *en,
        Language::Zh => *zh,
    });
    match title {
        Some(title) => title.replace("{}", &named),
        // A rule of a newer program.
        None => format!("{rule}: {named}"),
    }
}

fn named(subject: &Subject, language: Language) -> String {
    match (subject, language) {
        (Subject::Task(task), Language::En) => format!("task {task}"),
        (Subject::Task(task), Language::Zh) => format!("任务 {task} "),
        (Subject::Core { group, core }, Language::En) => format!("Core {core} of group {group}"),
        (Subject::Core { group, core }, Language::Zh) => format!("分组 {group} 的 Core {core} "),
        (Subject::Coordination, Language::En) => "coordination".to_owned(),
        (Subject::Coordination, Language::Zh) => "协调服务".to_owned(),
        (Subject::Channel(channel), Language::En) => format!("channel {channel}"),
        (Subject::Channel(channel), Language::Zh) => format!("渠道 {channel} "),
        (Subject::Monitor(monitor), Language::En) => format!("Monitor {monitor}"),
        (Subject::Monitor(monitor), Language::Zh) => format!("Monitor {monitor} "),
    }
}

pub(super) fn hint(notice: &Notice, language: Language) -> String {
    let own = notice.evidence.hint.clone();
    match (language, words(&notice.rule)) {
        (Language::Zh, Some((_, _, _, hint))) if !hint.is_empty() => (*hint).to_owned(),
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::rule::RULES;

    #[test]
    fn every_rule_has_its_words() {
        for rule in &RULES {
            assert!(words(rule.code).is_some(), "{} has no title here", rule.code);
        }
        assert_eq!(WORDS.len(), RULES.len(), "words of a rule that is gone");
    }
}
