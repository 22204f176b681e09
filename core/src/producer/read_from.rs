//! Which of a task's hosts is read from, told to those who ask or tell the same server something else.

use replicator_model::failure::Failure;
use replicator_mysql::connect::Endpoint;
use tokio::sync::watch;

/// Knows the host that a producer reads from as soon as there is one.
#[derive(Debug, Clone)]
pub struct ReadFrom(watch::Receiver<Option<Endpoint>>);

impl ReadFrom {
    /// The host; waits until the producer has chosen it. Never, where it finds none.
    pub(crate) async fn known(mut self) -> Endpoint {
        match self.0.wait_for(Option::is_some).await.map(|found| found.clone()) {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

/// A task's hosts, the preferred first, and the one that is read from.
#[derive(Debug)]
pub(super) struct Hosts {
    pub(super) all: Vec<Endpoint>,
    chosen: watch::Sender<Option<Endpoint>>,
}

impl Hosts {
    /// Of a single host it is known from the beginning that it is the one.
    pub(super) fn new(all: Vec<Endpoint>) -> Self {
        let only = if all.len() == 1 { all.first().cloned() } else { None };
        Self { all, chosen: watch::Sender::new(only) }
    }

    pub(super) fn read_from(&self) -> ReadFrom {
        ReadFrom(self.chosen.subscribe())
    }

    pub(super) fn choose(&self, endpoint: &Endpoint) {
        self.chosen.send_replace(Some(endpoint.clone()));
    }
}

/// Of what went wrong at one host after the other, what is told: where a later try may end otherwise, that it may.
pub(super) fn most_hopeful(mut failures: Vec<Failure>) -> Failure {
    let told = failures.iter().position(Failure::is_transient).unwrap_or(0);
    if failures.is_empty() {
        return Failure::definite("not_open", "the task names no source", "report it");
    }
    failures.swap_remove(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_may_come_back_is_waited_for() {
        let definite = |code: &str| Failure::definite(code, "", "");
        let transient = |code: &str| Failure::transient(code, "", "");
        for (failures, told) in [
            (vec![definite("a")], "a"),
            (vec![definite("a"), definite("b")], "a"),
            (vec![definite("a"), transient("b"), transient("c")], "b"),
            (vec![transient("a"), definite("b")], "a"),
        ] {
            assert_eq!(most_hopeful(failures).code, told);
        }
    }
}
