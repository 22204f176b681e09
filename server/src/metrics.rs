//! What the Server counts of itself, for `/metrics`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Labels of a request. The route is the pattern, never the address itself, so there are few.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// Upper bounds of the request times, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Makes the page of a whole process of the page of its Server.
type WholePage = Box<dyn Fn(String) -> String + Send + Sync>;

/// Cheap to clone; all clones count together.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Arc<Registry>,
    whole: Arc<OnceLock<WholePage>>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
    connected: Gauge,
    audit_failures: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("mysql_replicator");
        let requests = Family::default();
        registry.register("server_http_requests", "Requests that were answered", requests.clone());
        let seconds: Family<RouteLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS.iter().copied()));
        registry.register("server_http_request_seconds", "How long answers took", seconds.clone());
        let connected = Gauge::default();
        registry.register(
            "coordination_connected",
            "1 while the coordination service is heard, else 0",
            connected.clone(),
        );
        let audit_failures = Counter::default();
        registry.register(
            "audit_write_failures",
            "Entries of the audit that could not be written",
            audit_failures.clone(),
        );
        let whole = Arc::default();
        Self { registry: Arc::new(registry), whole, requests, seconds, connected, audit_failures }
    }

    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        self.requests.get_or_create(&RequestLabels { method, route: route.clone(), status }).inc();
        self.seconds.get_or_create(&RouteLabels { route }).observe(took.as_secs_f64());
    }

    pub(crate) fn audit_failed(&self) {
        self.audit_failures.inc();
    }

    /// Where a Server is not alone in its process: the first that is given makes the page.
    pub(crate) fn shown_by(&self, whole: WholePage) {
        self.whole.set(whole).ok();
    }

    /// All of them in the text format of OpenMetrics.
    pub(crate) fn text(&self, connected: bool) -> String {
        self.connected.set(i64::from(connected));
        let mut text = String::new();
        // Writing to a String can't fail.
        encode(&mut text, &self.registry).ok();
        match self.whole.get() {
            Some(whole) => whole(text),
            None => text,
        }
    }
}
