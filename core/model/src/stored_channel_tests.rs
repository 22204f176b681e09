//! The stored forms of channels and of what became of messages to them.

use crate::channel::{ChannelSpec, ChannelTest, Deliveries, Delivery, TestAnswer};
use crate::name::ChannelName;
use crate::secret::{SealedSecret, SecretSource};
use crate::stored::tests::check;
use crate::stored::{Stored, StoredError};

#[test]
fn channels_are_as_the_golden_files_show() {
    let channel = r#"{"name":"ops","kind":"dingtalk","url":"https://oapi.example/robot?access_token=canary",
        "secret":{"env":"DING_SECRET"},"language":"zh","severity_min":"warning","link":"https://replicator.example"}"#;
    let mut channel = ChannelSpec::from_json(channel.as_bytes()).unwrap();
    assert!(matches!(channel.to_stored(), Err(StoredError::Unsealed { key, .. }) if key == "url"));
    *channel.secrets_mut().remove(0).1 = SecretSource::Sealed(SealedSecret::new("k1.c2VhbGVk"));
    check("channel", &channel);
    let (at_us, delivered, detail) = (1_790_000_000_000_000, true, "204 No Content".to_owned());
    let (alerts, subject) = (vec!["task_failed:copy".to_owned()], "[critical] copy failed".to_owned());
    let delivery = Delivery { at_us, alerts, subject, delivered, detail: detail.clone(), took_ms: 12, attempt: 1 };
    check("deliveries", &Deliveries { deliveries: vec![delivery] });
    let (answer, by) = (Some(TestAnswer { delivered, detail, took_ms: 12 }), "alice".to_owned());
    check("channel_test", &ChannelTest { channel: ChannelName::new("ops").unwrap(), by, at_us, answer });
}
