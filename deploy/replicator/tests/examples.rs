//! The annotated examples under `deploy/config` are valid, and the defaults that they show are the programs' own.
#![expect(clippy::unwrap_used, reason = "a test")]

use replicator_model::task::TaskSpec;

fn example(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../config/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_settings_are_valid() {
    let core = replicator_core::config::Config::read("core.toml", &example("core.toml"), []).unwrap();
    assert_eq!((core.capacity, core.scan_period.to_string().as_str()), (100, "5s"));
    assert_eq!(core.admin, replicator_core::config::AdminConfig::default());

    let server = replicator_server::config::Config::read("server.toml", &example("server.toml"), []).unwrap();
    let default = replicator_server::config::HttpConfig::default();
    assert_eq!(format!("{:?}", server.http), format!("{default:?}"));

    let monitor = replicator_monitor::Config::parse("monitor.toml", &example("monitor.toml"), []).unwrap();
    let default = replicator_monitor::Config::new(monitor.coordination.clone());
    assert_eq!(monitor, default);
    assert_eq!(core.coordination, server.coordination);
    assert_eq!(core.coordination, monitor.coordination);
}

#[test]
fn the_tasks_are_valid() {
    assert_eq!(TaskSpec::from_toml(&example("tasks/copy.toml")).unwrap().consumer.kind(), "mysql");
    assert_eq!(TaskSpec::from_toml(&example("tasks/kafka.toml")).unwrap().consumer.kind(), "kafka");
}
