//! Every notice is a line of the log, whatever else becomes of it.

use replicator_model::alert::{AlertState, Notice, Severity};

/// ERROR when somebody must act, WARN when somebody should, INFO when it is over.
pub fn write(notice: &Notice) {
    let evidence = &notice.evidence;
    let task = notice.subject.task().map(|task| task.as_str());
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                alert = %notice.id,
                rule = %notice.rule,
                severity = %evidence.severity,
                state = %notice.state,
                task,
                group = evidence.group.as_ref().map(|group| group.as_str()),
                core = evidence.core.as_ref().map(|core| core.as_str()),
                value = evidence.value,
                threshold = evidence.threshold,
                number = notice.number,
                reason = %evidence.reason,
                hint = %evidence.hint,
                $message
            )
        };
    }
    match (notice.state, evidence.severity) {
        (AlertState::Resolved, _) => line!(info, "alert resolved"),
        (_, Severity::Critical) => line!(error, "alert firing"),
        (_, Severity::Warning) => line!(warn, "alert firing"),
        (_, Severity::Info) => line!(info, "alert firing"),
    }
}
