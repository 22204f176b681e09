//! One page of metrics for a process with several roles, each of which writes a page of its own.

use std::collections::{BTreeMap, BTreeSet};

/// What ends a page of OpenMetrics.
const END: &str = "# EOF";

/// A family of metrics: what describes it, and its samples in their order.
struct Family<'a> {
    /// The page that it was met in first, which alone describes it: others may do so in other words.
    page: usize,
    described: Vec<&'a str>,
    samples: Vec<&'a str>,
}

/// The pages as one. A family may stand in a page once, and so may a sample: what two roles tell alike is told by the
/// first of them.
pub(crate) fn joined(pages: &[String]) -> String {
    let mut order: Vec<&str> = Vec::new();
    let mut families: BTreeMap<&str, Family<'_>> = BTreeMap::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (page, text) in pages.iter().enumerate() {
        let mut name = "";
        for line in text.lines().filter(|line| *line != END) {
            if let Some(described) = line.strip_prefix("# ") {
                let described = described.split_once(' ').map_or("", |(_, rest)| rest);
                name = described.split(' ').next().unwrap_or_default();
            }
            let family = families.entry(name).or_insert_with(|| {
                order.push(name);
                Family { page, described: Vec::new(), samples: Vec::new() }
            });
            match line.strip_prefix("# ") {
                Some(_) if family.page == page => family.described.push(line),
                None if told.insert(series(line)) => family.samples.push(line),
                _ => {}
            }
        }
    }
    let lines = order.iter().filter_map(|name| families.get(name));
    let lines = lines.flat_map(|family| family.described.iter().chain(&family.samples)).chain([&END]);
    lines.flat_map(|line| [*line, "\n"]).collect()
}

/// A sample without its value.
fn series(sample: &str) -> &str {
    sample.rsplit_once(' ').map_or(sample, |(series, _)| series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_and_each_sample_stands_once() {
        let pages = [
            "# HELP up Heard.\n# TYPE up gauge\nup 1\n# EOF\n",
            "# HELP lag Behind.\n# TYPE lag gauge\nlag{task=\"a b\"} NaN\n# HELP up Is heard.\n# TYPE up gauge\nup 0\n# EOF\n",
            "# HELP none Nothing.\n# TYPE none counter\n# HELP lag Behind.\n# TYPE lag gauge\nlag{task=\"a b\",group=\"g\"} 2\n# EOF\n",
        ];
        assert_eq!(
            joined(&pages.map(str::to_owned)),
            "# HELP up Heard.\n# TYPE up gauge\nup 1\n# HELP lag Behind.\n# TYPE lag gauge\nlag{task=\"a b\"} NaN\n\
             lag{task=\"a b\",group=\"g\"} 2\n# HELP none Nothing.\n# TYPE none counter\n# EOF\n"
        );
    }
}
