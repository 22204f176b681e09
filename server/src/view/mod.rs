//! What the API answers, as data: built here from the nouns of the model, read back by the command line.
//!
//! Keys are in snake case as in a task's TOML. Times are RFC 3339 in UTC, amounts are plain numbers with the unit in
//! the name. A key may be added at any time; none is taken away or changes its meaning within `/api/v1`.

mod access;
mod alert;
mod audit;
mod channel;
mod conflict;
mod core;
mod history;
mod orders;
mod overview;
mod preflight;
mod preview;
mod problem;
mod route;
mod rule;
mod source;
mod status;
mod task;
mod task_spec;
mod version;
pub mod words;

pub use self::core::{CoreList, CoreView, GroupList, GroupView};
pub use access::{
    LoginRequest, NewToken, PasswordRequest, RoleWord, SessionView, SetupRequest, SetupView, TokenList, TokenRequest,
    TokenView, UserChange, UserList, UserRequest, UserView, ViaWord,
};
pub use alert::{
    AcknowledgeRequest, AcknowledgedView, AlertHistoryView, AlertList, AlertView, MatcherView, ResolvedView,
    SilenceList, SilenceRequest, SilenceState, SilenceView, SubjectKind, SubjectView,
};
pub use audit::{AuditEntryView, AuditList, OutcomeWord};
pub use channel::{ChannelDocument, ChannelList, ChannelTestView, ChannelView, DeliveryList, DeliveryView};
pub use conflict::{ConflictList, ConflictView};
pub use history::{HistorySeries, HistoryView, StateSegment};
pub use orders::{
    CountedBy, Direction, HandoverRequest, RewindRequest, RewindStart, RewindView, RewoundView, SkipRequest, SkipView,
    SkippableTransaction,
};
pub use overview::{AlertCounts, Attention, AttentionKind, CoreCounts, MonitorCounts, OverviewTasks, OverviewView};
pub use preflight::{CheckSide, CheckState, CheckView, PreflightRequest, PreflightView};
pub use preview::{PreviewColumn, PreviewRequest, PreviewRow, PreviewTable, PreviewView};
pub use problem::{Problem, ProblemDetail};
pub use rule::{RuleDefaults, RuleList, RuleSettingDocument, RuleSettingsDocument, RuleView};
pub use source::{
    ColumnsRequest, ConnectionRequest, ConnectionView, EndWord, MatchRequest, MatchView, PatternView, SchemaView,
    ServerView, SourceColumnList, SourceColumnView, SourceRequest, SourceTableList, SourceTableView, SourceView,
    StageOutcome, StageStep, StageView, TablesRequest,
};
pub use status::{
    AcknowledgedVersion, BlockedWord, CheckpointView, EndView, FailureView, InstanceList, InstanceView, PositionView,
    ProgressView, RunningOn, StatusView, TaskState,
};
pub use task::{DesiredView, OrderView, TaskList, TaskSort, TaskSummary, TaskView, UnreadableTask};
pub use task_spec::{ConsumerDocument, ProducerDocument, TaskDocument};
pub use version::{ConvertRequest, ConvertedView, DiffView, RollbackRequest, VersionList, VersionView};

/// Microseconds since 1970 as RFC 3339; `None` for "never" (zero) and for what no calendar holds.
pub(crate) fn time(microseconds: i64) -> Option<String> {
    let never = microseconds == 0;
    jiff::Timestamp::from_microsecond(microseconds).ok().filter(|_| !never).map(|time| time.to_string())
}
