//! The log: one JSON object a line, on standard error.
//!
//! It is a subscriber of its own because every request writes a line: with the general-purpose
//! formatter of tracing-subscriber a request took 10,000 instructions more, and the component 75 KB.

use std::fmt::{Debug, Write as _};
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
    open: Vec<(u64, String)>,
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
    fn innermost(&self) -> Option<&str> {
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
        spans.open.push((id, members.0));
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let now = OffsetDateTime::from(clock::wall()).format(&Rfc3339);
        let mut line = Members::default();
        line.add("timestamp", now.unwrap_or_default());
        line.add("level", event.metadata().level().as_str());
        event.record(&mut line);
        let mut line = line.0;
        if let Some(span) = self.spans().innermost() {
            _ = write!(line, ",\"span\":{{{span}}}");
        }
        // There is nowhere to report a log that cannot be written.
        _ = std::io::stderr().write_all(format!("{{{line}}}\n").as_bytes());
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

/// The members of a JSON object, with commas between them.
#[derive(Default)]
struct Members(String);

impl Members {
    fn add(&mut self, name: &str, value: impl serde::Serialize) {
        let Ok(value) = serde_json::to_string(&value) else {
            return;
        };
        let comma = if self.0.is_empty() { "" } else { "," };
        _ = write!(self.0, "{comma}\"{name}\":{value}");
    }
}

impl Visit for Members {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field.name(), format!("{value:?}"));
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
        let line = format!("{{{}}}", members.0);
        let read: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(read["message"], nasty);
        assert_eq!(read["attempts"], 3);
        assert!(!line.contains('\n'), "{line}");
    }
}
