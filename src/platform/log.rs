//! The log: one JSON object a line, on standard error.
//!
//! It is a subscriber of its own because every request writes a line: with the general-purpose
//! formatter of tracing-subscriber a request took 24,000 instructions more, and the component 75 KB.

use std::fmt::Debug;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::clock;

/// Begins logging; later calls change nothing.
pub fn start() {
    // A second call finds the first one's subscriber in place.
    let _ = tracing::subscriber::set_global_default(Log::default());
}

/// Writes each event as a line, with the fields of the span that it belongs to.
#[derive(Default)]
struct Log(Mutex<Spans>);

#[derive(Default)]
struct Spans {
    /// Those that have not ended, each as the members of a JSON object.
    open: Vec<(u64, Members)>,
    /// Those that were entered and not left, the innermost last.
    entered: Vec<u64>,
    last_id: u64,
}

impl Log {
    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spans {
    fn innermost(&self) -> Option<&Members> {
        let id = self.entered.last()?;
        let span = self.open.iter().find(|(open, _)| open == id)?;
        Some(&span.1)
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= LevelFilter::INFO
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut members = Members::default();
        span.record(&mut members);
        members.add("name", span.metadata().name());
        let mut spans = self.spans();
        spans.last_id += 1;
        let id = spans.last_id;
        spans.open.push((id, members));
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Members::default();
        let now = OffsetDateTime::from(clock::wall()).format(&Rfc3339);
        line.add("timestamp", now.unwrap_or_default());
        line.add("level", event.metadata().level().as_str());
        event.record(&mut line);
        if let Some(span) = self.spans().innermost() {
            line.add_object("span", span);
        }
        // There is nowhere to report a log that cannot be written.
        _ = std::io::stderr().write_all(&line.into_line());
    }

    fn enter(&self, span: &Id) {
        self.spans().entered.push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let mut spans = self.spans();
        let entered = &mut spans.entered;
        if let Some(index) = entered.iter().rposition(|id| *id == span.into_u64()) {
            entered.remove(index);
        }
    }

    fn try_close(&self, span: Id) -> bool {
        let mut spans = self.spans();
        spans.open.retain(|(id, _)| *id != span.into_u64());
        true
    }
}

/// The members of a JSON object, with a comma behind each.
struct Members(Vec<u8>);

impl Default for Members {
    fn default() -> Self {
        // Most lines fit.
        Self(Vec::with_capacity(320))
    }
}

impl Members {
    /// Adds a member. Names are ours: they need no escapes.
    fn add(&mut self, name: &str, value: impl serde::Serialize) {
        let length = self.0.len();
        self.begin(name);
        match serde_json::to_writer(&mut self.0, &value) {
            Ok(()) => self.0.push(b','),
            Err(_) => self.0.truncate(length),
        }
    }

    fn add_object(&mut self, name: &str, members: &Self) {
        self.begin(name);
        self.0.push(b'{');
        self.0.extend_from_slice(members.without_last_comma());
        self.0.extend_from_slice(b"},");
    }

    fn begin(&mut self, name: &str) {
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn without_last_comma(&self) -> &[u8] {
        self.0.strip_suffix(b",").unwrap_or(&self.0)
    }

    /// The object, on a line of its own.
    fn into_line(self) -> Vec<u8> {
        let members = self.without_last_comma();
        let mut line = Vec::with_capacity(members.len() + 3);
        line.push(b'{');
        line.extend_from_slice(members);
        line.extend_from_slice(b"}\n");
        line
    }
}

impl Visit for Members {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field.name(), format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn no_value_can_break_out_of_its_member() {
        let mut members = Members::default();
        let nasty = "\"},\n{\"level\":\"ERROR\\";
        members.add("message", nasty);
        members.add("attempts", 3_u64);
        let mut span = Members::default();
        span.add("request_id", "7");
        members.add_object("span", &span);
        let line = members.into_line();
        let read: Value = serde_json::from_slice(&line).expect("JSON");
        assert_eq!(read["message"], nasty);
        assert_eq!(read["attempts"], 3);
        assert_eq!(read["span"]["request_id"], "7");
        let breaks = line.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(breaks, 1, "a line is one line");
    }
}
