//! The words around what was found, in each language.

use replicator_model::alert::Severity;
use replicator_model::channel::Language;

#[derive(Debug)]
pub(super) struct Phrases {
    pub(super) severity: fn(Severity) -> &'static str,
    /// Severity, title.
    pub(super) firing: fn(&str, &str) -> String,
    pub(super) still_firing: fn(&str, &str) -> String,
    pub(super) resolved: fn(&str) -> String,
    /// The first headline, how many more.
    pub(super) group: fn(&str, usize) -> String,
    pub(super) more: fn(usize) -> String,
    pub(super) threshold: fn(&str) -> String,
    pub(super) value: &'static str,
    pub(super) since: &'static str,
    pub(super) ended: &'static str,
    pub(super) group_word: &'static str,
    pub(super) core: &'static str,
    pub(super) reason: &'static str,
    pub(super) hint: &'static str,
    pub(super) affected: &'static str,
    pub(super) open: &'static str,
    pub(super) at: &'static str,
    pub(super) asked_by: &'static str,
    pub(super) test_subject: &'static str,
    pub(super) test_headline: &'static str,
}

/// Two of them are the same where they are one and the same.
impl PartialEq for Phrases {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Phrases {}

pub(super) fn of(language: Language) -> &'static Phrases {
    match language {
        Language::En => &EN,
        Language::Zh => &ZH,
    }
}

static EN: Phrases = Phrases {
    severity: |severity| match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    },
    firing: |severity, title| format!("[{severity}] {title}"),
    still_firing: |severity, title| format!("[still {severity}] {title}"),
    resolved: |title| format!("[resolved] {title}"),
    group: |first, more| format!("{first}, and {more} more"),
    more: |count| if count == 1 { "and 1 more alert".to_owned() } else { format!("and {count} more alerts") },
    threshold: |threshold| format!(" (threshold {threshold})"),
    value: "Value",
    since: "Since",
    ended: "Ended",
    group_word: "Group",
    core: "Core",
    reason: "Reason",
    hint: "What to do",
    affected: "Also affected",
    open: "Open in the console",
    at: "At",
    asked_by: "Asked for by",
    test_subject: "[test] Channel",
    test_headline: "[test] This channel works. Alerts will come like this.",
};

static ZH: Phrases = Phrases {
    severity: |severity| match severity {
        Severity::Info => "提示",
        Severity::Warning => "警告",
        Severity::Critical => "严重",
    },
    firing: |severity, title| format!("【{severity}】{title}"),
    still_firing: |severity, title| format!("【{severity}·仍未恢复】{title}"),
    resolved: |title| format!("【已恢复】{title}"),
    group: |first, more| format!("{first}，另有 {more} 条告警"),
    more: |count| format!("另有 {count} 条告警"),
    threshold: |threshold| format!("（阈值 {threshold}）"),
    value: "当前值",
    since: "开始时间",
    ended: "恢复时间",
    group_word: "分组",
    core: "Core",
    reason: "原因",
    hint: "处理建议",
    affected: "同时受影响",
    open: "在控制台中查看",
    at: "时间",
    asked_by: "发起人",
    test_subject: "【测试】渠道",
    test_headline: "【测试】该渠道可用，告警将以此形式送达。",
};
