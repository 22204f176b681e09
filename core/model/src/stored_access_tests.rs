//! The stored forms of who may do what, and what was done.

use crate::access::{ApiToken, AuditEntry, AuditOutcome, PasswordHash, SetupReset, SignIn, User, UserRole, Via};
use crate::name::UserName;
use crate::stored::tests::check;

#[test]
fn users_and_what_they_did_are_as_the_golden_files_show() {
    let user = UserName::new("alice").unwrap();
    check(
        "user",
        &User {
            name: user.clone(),
            password: PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"),
            role: UserRole::Operator,
            disabled: false,
            generation: 3,
            created_us: 1_790_000_000_000_000,
            last_login_us: 1_790_000_001_000_000,
        },
    );
    check(
        "signed_in_session",
        &SignIn {
            user: user.clone(),
            generation: 3,
            address: "10.0.0.7".into(),
            created_us: 1_790_000_000_000_000,
            seen_us: 1_790_000_060_000_000,
        },
    );
    check(
        "api_token",
        &ApiToken {
            id: "5f3a".into(),
            name: "deploys".into(),
            user: user.clone(),
            role: UserRole::Operator,
            hash: "9f86d081".into(),
            created_us: 1_790_000_000_000_000,
            expires_us: Some(1_797_000_000_000_000),
            last_used_us: 0,
        },
    );
    check("setup_reset", &SetupReset { hash: "9f86d081".into(), until_us: 1_790_003_600_000_000 });
    check(
        "audit_entry",
        &AuditEntry {
            at_us: 1_790_000_000_000_000,
            user: Some(user),
            via: Via::Token,
            address: "10.0.0.7".into(),
            action: "updateTask".into(),
            subject: "task copy".into(),
            outcome: AuditOutcome::Done,
            detail: "version 2: moved to db2".into(),
            diff: Some("-port = 3306\n+port = 3307\n".into()),
        },
    );
}
