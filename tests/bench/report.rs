//! Figures: a line of JSON each in a file, and a table of medians on the screen.

use crate::measure::Measured;
use replicator_tests::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// One number, as a line of `target/bench/<name>.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// Such as `apply/sysbench-durable`.
    pub(crate) bench: String,
    /// `replicator`, what it is compared with, or `limit: …` for what no replicator reaches.
    pub(crate) system: String,
    pub(crate) metric: String,
    pub(crate) unit: String,
    pub(crate) value: f64,
    /// From 1.
    pub(crate) repetition: u32,
}

/// The figures of one benchmark's run.
pub(crate) struct Report {
    bench: String,
    file: PathBuf,
    figures: Vec<Figure>,
}

impl Report {
    /// The file is named by the first word of the benchmark: `apply/sysbench-durable` is in `apply.jsonl`. Lines of
    /// other benchmarks stay there, earlier ones of this benchmark go.
    pub(crate) fn begin(folder: &Path, bench: &str) -> Result<Report> {
        let name = bench.split('/').next().unwrap_or(bench);
        let file = folder.join(format!("{name}.jsonl"));
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        let earlier = fs::read_to_string(&file).unwrap_or_default();
        let of_others = |line: &&str| serde_json::from_str::<Figure>(line).is_ok_and(|figure| figure.bench != bench);
        let kept: String = earlier.lines().filter(of_others).map(|line| format!("{line}\n")).collect();
        fs::write(&file, kept).map_err(|error| failed(&file, &error))?;
        Ok(Report { bench: bench.to_owned(), file, figures: Vec::new() })
    }

    /// Adds a repetition, to the file at once.
    pub(crate) fn add(&mut self, system: &str, repetition: u32, measured: Vec<Measured>) -> Result<()> {
        let mut lines = String::new();
        for Measured { metric, unit, value } in measured {
            let (bench, system, unit) = (self.bench.clone(), system.to_owned(), unit.to_owned());
            let figure = Figure { bench, system, metric, unit, value, repetition };
            lines.push_str(&serde_json::to_string(&figure).map_err(|error| failed(&self.file, &error))?);
            lines.push('\n');
            self.figures.push(figure);
        }
        let file = File::options().append(true).open(&self.file);
        file.and_then(|mut file| file.write_all(lines.as_bytes())).map_err(|error| failed(&self.file, &error))
    }

    /// Medians of all repetitions, a line a metric and a column a system, with the ratio to `reference`.
    pub(crate) fn table(&self, reference: &str) -> String {
        let systems = distinct(self.figures.iter().map(|figure| figure.system.as_str()));
        let metrics = distinct(self.figures.iter().map(|figure| figure.metric.as_str()));
        let mut rows = vec![vec![self.bench.clone()]];
        rows[0].extend(systems.iter().map(|system| (*system).to_owned()));
        for metric in metrics {
            let mut row = vec![metric.to_owned()];
            let base = self.median(reference, metric);
            row.extend(systems.iter().map(|system| match self.median(system, metric) {
                None => "-".to_owned(),
                Some(value) => self.cell(metric, value, base.filter(|_| *system != reference)),
            }));
            rows.push(row);
        }
        aligned(&rows)
    }

    /// Which of the systems has the smallest median.
    pub(crate) fn least<'s>(&self, metric: &str, systems: &[&'s str]) -> Option<&'s str> {
        let medians = systems.iter().filter_map(|system| Some((*system, self.median(system, metric)?)));
        medians.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(system, _)| system)
    }

    /// The median of one as a part of another's.
    pub(crate) fn ratio(&self, metric: &str, system: &str, reference: &str) -> Option<f64> {
        let base = self.median(reference, metric).filter(|base| *base > 0.0)?;
        Some(self.median(system, metric)? / base)
    }

    fn cell(&self, metric: &str, value: f64, base: Option<f64>) -> String {
        let unit = self.figures.iter().find(|figure| figure.metric == metric).map_or("", |figure| &figure.unit);
        let shown = readable(value, unit);
        match base.filter(|base| *base > 0.0) {
            Some(base) => format!("{shown} ({:.2}x)", value / base),
            None => shown,
        }
    }

    fn median(&self, system: &str, metric: &str) -> Option<f64> {
        let of = |figure: &&Figure| figure.system == system && figure.metric == metric;
        let mut values: Vec<f64> = self.figures.iter().filter(of).map(|figure| figure.value).collect();
        values.sort_by(f64::total_cmp);
        let upper = values.get(values.len() / 2)?;
        let lower = values.get(values.len().saturating_sub(1) / 2)?;
        Some((lower + upper) / 2.0)
    }
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::new(format!("{}: {error}", path.display()))
}

/// Without repetitions, in the order of their first appearance.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    names.fold(Vec::new(), |mut known, name| {
        if !known.contains(&name) {
            known.push(name);
        }
        known
    })
}

/// With a unit that fits the size.
pub(crate) fn readable(value: f64, unit: &str) -> String {
    match unit {
        "bytes" => format!("{:.0} MiB", value / f64::from(1 << 20)),
        "s" if value > 0.0 && value < 0.1 => format!("{:.2} ms", value * 1e3),
        "s" => format!("{value:.2} s"),
        _ => format!("{value:.0} {unit}"),
    }
}

/// The first column to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            match column {
                0 => text.push_str(&format!("{cell:<width$}")),
                _ => text.push_str(&format!("   {cell:>width$}")),
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(value: f64) -> Vec<Measured> {
        vec![Measured::new("wall_seconds", "s", value)]
    }

    #[test]
    fn the_table_has_medians_and_ratios_and_the_file_every_figure() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for _ in 0..2 {
            let mut other = Report::begin(folder.path(), "apply/other")?;
            other.add("replicator", 1, second(7.0))?;
            let mut report = Report::begin(folder.path(), "apply/this")?;
            for (repetition, (ours, theirs)) in [(3.0, 2.0), (1.0, 9.0), (1.5, 4.0)].into_iter().enumerate() {
                report.add("replicator", repetition as u32 + 1, second(ours))?;
                report.add("native", repetition as u32 + 1, second(theirs))?;
            }
            let table = report.table("native");
            assert_eq!(table, "apply/this         replicator   native\nwall_seconds   1.50 s (0.38x)   4.00 s\n");
        }
        let text = fs::read_to_string(folder.path().join("apply.jsonl"))?;
        assert_eq!(text.lines().count(), 7, "{text}");
        let first = text.lines().next().unwrap_or_default();
        let expected = r#"{"bench":"apply/other","system":"replicator","metric":"wall_seconds","unit":"s","value":7.0,"repetition":1}"#;
        assert_eq!(first, expected);
        Ok(())
    }
}
