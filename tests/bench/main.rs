//! `make bench`: the replicator next to a native replica between the same two servers, in the same run, taking turns.
//!
//! ```text
//! workload (seeded) ─▶ source ─▶ system: ours | native | clients ─▶ target        servers: fresh ones, equal options
//!                        apply: until everything is there    latency: until a row is seen
//! log ─▶ decode: until a reader has every value
//!                                     └── measure ──▶ report: target/bench/<name>.jsonl, a table
//! ```
//!
//! What is measured and how is in `docs/src/performance.md`. Nothing here passes or fails by a figure.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod apply;
mod arguments;
mod clients;
mod decode;
mod latency;
mod list;
mod measure;
mod native;
mod ours;
mod report;
mod servers;
mod system;
mod workload;

use apply::{CatchUp, Filled};
use arguments::Arguments;
use clap::Parser;
use decode::{Log, RECEIVING, Reader};
use latency::Steady;
use list::Many;
use measure::Measured;
use replicator_tests::{Error, Flavor, Result};
use report::Report;
use servers::Durability;
use std::process::ExitCode;
use system::System;
use workload::Shape;

/// One benchmark: something that every system is put through.
#[derive(Clone, Copy, Debug)]
enum Benchmark {
    Apply(CatchUp),
    /// At so many transactions a second.
    Latency(u32, Durability),
    /// The API with so many tasks; the Server is measured, and nothing else could be.
    List(usize),
    Decode(Shape),
}

const fn apply(shape: Shape, flavor: Flavor, durability: Durability) -> Benchmark {
    Benchmark::Apply(CatchUp { shape, flavor, durability })
}

const BENCHMARKS: [(&str, Benchmark); 12] = [
    ("apply/sysbench-relaxed", apply(Shape::Sysbench, Flavor::MySql97, Durability::Relaxed)),
    ("apply/sysbench-durable", apply(Shape::Sysbench, Flavor::MySql97, Durability::Durable)),
    ("apply/sysbench-mariadb", apply(Shape::Sysbench, Flavor::MariaDb1011, Durability::Relaxed)),
    ("apply/wide-relaxed", apply(Shape::Wide, Flavor::MySql97, Durability::Relaxed)),
    ("apply/huge-relaxed", apply(Shape::Huge, Flavor::MySql97, Durability::Relaxed)),
    ("latency/200", Benchmark::Latency(200, Durability::Relaxed)),
    ("latency/1000", Benchmark::Latency(1_000, Durability::Relaxed)),
    ("latency/1000-durable", Benchmark::Latency(1_000, Durability::Durable)),
    ("list/500-tasks", Benchmark::List(500)),
    ("decode/sysbench", Benchmark::Decode(Shape::Sysbench)),
    ("decode/wide", Benchmark::Decode(Shape::Wide)),
    ("decode/huge", Benchmark::Decode(Shape::Huge)),
];

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|part| name.contains(part));
    let chosen: Vec<_> = BENCHMARKS.into_iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() {
        let names = BENCHMARKS.map(|(name, _)| name).join(", ");
        return Err(Error::new(format!("no benchmark has {:?} in its name; there are {names}", arguments.only)));
    }
    if arguments.list {
        chosen.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(());
    }
    if cfg!(debug_assertions) {
        println!(
            "This is a development build: its figures say nothing about speed. `make bench` builds for release.\n"
        );
    }
    for (name, benchmark) in chosen {
        if let Benchmark::Decode(shape) = benchmark {
            measure_readers(arguments, name, shape).await?;
            continue;
        }
        let report = measure_all(arguments, name, benchmark).await?;
        let natives: Vec<String> =
            System::ALL.into_iter().filter(|system| system.is_native()).map(System::label).collect();
        let natives: Vec<&str> = natives.iter().map(String::as_str).collect();
        let fastest = ["wall_seconds", "p50_seconds"].iter().find_map(|metric| report.least(metric, &natives));
        let ratios = fastest.map(|fastest| format!(", and ratios to the fastest native replica: {fastest}"));
        println!("\nmedians of {}{}\n", arguments.repetitions, ratios.unwrap_or_default());
        println!("{}", report.table(fastest.unwrap_or_default()));
    }
    println!("Every figure is in {}.", arguments.output.display());
    Ok(())
}

/// A benchmark with what all its repetitions share.
enum Prepared {
    Apply(Box<Filled>),
    Latency(Steady),
    List(Many),
}

impl Prepared {
    /// What is measured of a system; `None` if it can't be.
    async fn measure(&self, system: System) -> Result<Option<Vec<Measured>>> {
        match self {
            Prepared::Apply(filled) => filled.catch_up(system).await,
            // Clients do not follow a source.
            Prepared::Latency(_) if system == System::Clients => Ok(None),
            Prepared::Latency(steady) => steady.run(system).await.map(Some),
            Prepared::List(many) if system == System::Replicator => many.run().await.map(Some),
            Prepared::List(_) => Ok(None),
        }
    }

    /// What was found right beside the figures.
    fn proof(&self) -> &'static str {
        match self {
            Prepared::Apply(_) | Prepared::Latency(_) => "; the tables are equal",
            Prepared::List(_) => "",
        }
    }
}

async fn measure_all(arguments: &Arguments, name: &str, benchmark: Benchmark) -> Result<Report> {
    let mut report = Report::begin(&arguments.output, name)?;
    let prepared = match benchmark {
        Benchmark::Apply(what) => {
            let filled = Filled::start(what, arguments.scale).await?;
            println!("{name}: {} row changes to catch up with", filled.rows());
            Prepared::Apply(Box::new(filled))
        }
        Benchmark::Decode(_) => return Err(Error::new("readers are not compared as replicators are")),
        Benchmark::Latency(rate, durability) => {
            println!("{name}: {rate} transactions/s for {} s", arguments.seconds);
            Prepared::Latency(Steady { rate, seconds: arguments.seconds, durability })
        }
        Benchmark::List(tasks) => {
            println!("{name}: a Server with {tasks} tasks");
            Prepared::List(Many { tasks })
        }
    };
    for repetition in 1..=arguments.repetitions {
        for system in in_turn(&arguments.systems, repetition) {
            let label = system.label();
            let measured = prepared.measure(system).await;
            let measured = measured.map_err(|error| Error::new(format!("{name}, {label}: {error}")))?;
            if let Some(measured) = measured {
                println!("  {repetition}. {label}: {}{}", in_words(&measured), prepared.proof());
                report.add(&label, repetition, measured)?;
            }
        }
    }
    Ok(report)
}

/// As [`measure_all`], for programs that only read.
async fn measure_readers(arguments: &Arguments, name: &str, shape: Shape) -> Result<()> {
    let mut report = Report::begin(&arguments.output, name)?;
    let log = Log::write(shape, arguments.scale).await?;
    println!("{name}: {} row changes to decode", log.rows);
    let mut readers = Vec::new();
    for reader in Reader::ALL {
        match reader.is_there()? {
            true => readers.push(reader),
            false => println!("  {} is left out: tests/bench/peers/build.sh builds it", reader.label()),
        }
    }
    for repetition in 1..=arguments.repetitions {
        for reader in in_turn(&readers, repetition) {
            let label = reader.label();
            let measured = decode::run(reader, &log).await;
            let measured = measured.map_err(|error| Error::new(format!("{name}, {label}: {error}")))?;
            println!("  {repetition}. {label}: {}", in_words(&measured));
            report.add(label, repetition, measured)?;
        }
    }
    let peers: Vec<&str> = readers.iter().filter(|reader| reader.is_peer()).map(|reader| reader.label()).collect();
    let fastest = report.least("cpu_seconds", &peers).unwrap_or(RECEIVING.label());
    println!("\nmedians of {}, and ratios to the fastest peer, {fastest}\n", arguments.repetitions);
    println!("{}", report.table(fastest));
    if let Some(ratio) = report.ratio("cpu_seconds", "replicator", RECEIVING.label()) {
        println!("decoding takes {ratio:.2} times the processor time of receiving only\n");
    }
    Ok(())
}

/// Who comes first changes from one repetition to the next, so that nobody always has the quieter machine.
fn in_turn<S: Clone>(systems: &[S], repetition: u32) -> Vec<S> {
    let mut systems = systems.to_vec();
    if repetition.is_multiple_of(2) {
        systems.reverse();
    }
    systems
}

fn in_words(measured: &[Measured]) -> String {
    const SHOWN: usize = 3;
    let words =
        measured.iter().take(SHOWN).map(|one| format!("{} {}", one.metric, report::readable(one.value, one.unit)));
    words.collect::<Vec<_>>().join(", ")
}
