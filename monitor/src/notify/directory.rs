//! The channels that the tree holds, ready to be used. They change while a Monitor runs.

use super::Channel;
use super::outbox::Trouble;
use bytes::Bytes;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::layout;
use replicator_coordination::mirror::Mirror;
use replicator_coordination::session::Session;
use replicator_model::alert::Severity;
use replicator_model::name::ChannelName;
use replicator_model::networks::Networks;
use std::collections::BTreeMap;

/// What is known of the channels. While the tree is away, they are as they were.
#[derive(Debug)]
pub(crate) struct Directory {
    networks: Networks,
    mirror: Mirror,
    known: BTreeMap<ChannelName, Known>,
    channels: BTreeMap<ChannelName, Channel>,
}

#[derive(Debug)]
struct Known {
    data: Bytes,
    /// `None`: it is there and switched off.
    channel: Result<Option<Channel>, Trouble>,
}

impl Directory {
    pub(crate) fn new(networks: Networks) -> Self {
        let (known, channels) = (BTreeMap::new(), BTreeMap::new());
        Self { networks, mirror: Mirror::default(), known, channels }
    }

    /// Reads what has changed; answers whether anything did. A channel that can't be used is named in the log, once,
    /// and is tried again as its secret may be there later.
    pub(crate) async fn refresh(&mut self, session: &Session, now_us: i64) -> Result<bool, CoordinationError> {
        self.mirror.begin(session.store());
        let mut found = BTreeMap::new();
        for name in self.mirror.list(session.store(), &layout::alert_channels()).await? {
            let Ok(name) = ChannelName::new(name) else { continue };
            let path = layout::alert_channel(&name);
            if let Some(node) = self.mirror.read(session.store(), &path).await? {
                found.insert(name, node.data);
            }
        }
        let mut changed = self.known.len() != found.len() || self.known.keys().ne(found.keys());
        let mut known = BTreeMap::new();
        for (name, data) in found {
            let before = self.known.remove(&name).filter(|before| before.data == data);
            let entry = match before {
                Some(usable @ Known { channel: Ok(_), .. }) => usable,
                before => {
                    let trouble = before.and_then(|before| before.channel.err());
                    let entry = self.build(session, &name, data, trouble.as_ref(), now_us);
                    changed |= entry.channel.is_ok() || trouble.is_none();
                    entry
                }
            };
            known.insert(name, entry);
        }
        self.known = known;
        if changed {
            let usable =
                |(name, known): (&ChannelName, &Known)| Some((name.clone(), known.channel.as_ref().ok()?.clone()?));
            self.channels = self.known.iter().filter_map(usable).collect();
        }
        Ok(changed)
    }

    fn build(
        &self,
        session: &Session,
        name: &ChannelName,
        data: Bytes,
        before: Option<&Trouble>,
        now_us: i64,
    ) -> Known {
        let built = match session.open_channel(name, &data) {
            Ok(spec) if !spec.enabled => Ok(None),
            Ok(spec) => Channel::build(&spec, &self.networks).map(Some).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let channel = built.map_err(|problem| {
            if before.is_none_or(|before| before.problem != problem) {
                tracing::error!(channel = %name, %problem, "a channel can't be used");
            }
            Trouble { since_us: before.map_or(now_us, |before| before.since_us), problem }
        });
        Known { data, channel }
    }

    /// Those that can be used and are not switched off.
    pub(crate) fn channels(&self) -> &BTreeMap<ChannelName, Channel> {
        &self.channels
    }

    /// Whom notices are owed to, and from which severity on. One that can't be used now is owed too: it may be mended.
    pub(crate) fn recipients(&self) -> BTreeMap<String, Severity> {
        let owed = |(name, known): (&ChannelName, &Known)| match &known.channel {
            Ok(Some(channel)) => Some((name.to_string(), channel.severity_min())),
            Ok(None) => None,
            Err(_) => Some((name.to_string(), Severity::Info)),
        };
        self.known.iter().filter_map(owed).collect()
    }

    /// The channels that can't be used.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = (&ChannelName, &Trouble)> {
        self.known.iter().filter_map(|(name, known)| Some((name, known.channel.as_ref().err()?)))
    }
}
