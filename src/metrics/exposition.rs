//! Prometheus' text format, version 0.0.4.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::Write as _;

/// The media type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text of some metrics.
#[derive(Default)]
pub struct Exposition(String);

impl Exposition {
    pub fn into_text(self) -> String {
        self.0
    }

    /// Writes a metric with a single value.
    pub fn gauge(&mut self, name: &str, help: &str, value: i64) {
        self.begin(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// Begins a metric, whose samples follow. `help` is a single line without backslashes.
    pub fn begin(&mut self, name: &str, kind: &str, help: &str) {
        _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// Writes a value of the metric that was begun last.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: i64) {
        let pairs: Vec<_> = labels
            .iter()
            .map(|(label, text)| format!("{label}=\"{}\"", escape(text)))
            .collect();
        let labels = if pairs.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", pairs.join(","))
        };
        // Writing to a string cannot fail.
        _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

fn escape(text: &str) -> String {
    let text = text.replace('\\', r"\\").replace('"', "\\\"");
    text.replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_has_help_a_type_and_its_samples() {
        let mut exposition = Exposition::default();
        exposition.gauge("users", "Users.", 3);
        exposition.begin("logins_total", "counter", "Logins.");
        exposition.sample("logins_total", &[("method", "password"), ("by", "x")], 7);
        let expected = "# HELP users Users.\n# TYPE users gauge\nusers 3\n\
                        # HELP logins_total Logins.\n# TYPE logins_total counter\n\
                        logins_total{method=\"password\",by=\"x\"} 7\n";
        assert_eq!(exposition.into_text(), expected);
    }

    #[test]
    fn no_value_of_a_label_can_end_it() {
        let mut exposition = Exposition::default();
        exposition.sample("a", &[("b", "c\" \\\nd")], 1);
        assert_eq!(exposition.into_text(), "a{b=\"c\\\" \\\\\\nd\"} 1\n");
    }
}
