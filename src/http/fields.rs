//! Extracts and validates the fields of a body, and collects their errors.
//!
//! A body may be any megabyte. Only known fields are kept, and the rest is skipped without being
//! parsed. An error echoes at most [`MAX_ECHO_BYTES`] of a value.

use std::borrow::Cow;
use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::validation::{FieldError, Refusal};

/// Declares every field of every body, and whether its value is a secret that no response may echo. A match
/// takes fewer instructions than a search in a list, which a body of many names would repeat.
macro_rules! fields {
    ($($name:literal: $is_secret:literal,)+) => {
        fn known(name: &str) -> Option<(&'static str, bool)> {
            match name {
                $($name => Some(($name, $is_secret)),)+
                _ => None,
            }
        }
    };
}

fields! {
    "email": false,
    "username": false,
    "password": true,
    "new_password": true,
    "current_password": true,
    "new_email": false,
    "verification_id": false,
    "code": true,
    "captcha_id": false,
    "captcha_answer": true,
    "grant_type": false,
    "refresh_token": true,
    "session": false,
    "token": true,
    "account_role": false,
    "account_subscription": false,
    "subscription_expires_at": false,
    "reason": false,
    "until": false,
    "query": false,
    "role": false,
    "status": false,
    "user": false,
    "action": false,
    "cursor": false,
    "limit": false,
    "password_hash": true,
    "verified": false,
    "subscription": false,
    "created_at": false,
    "disabled_at": false,
    "disabled_until": false,
    "disabled_reason": false,
}

/// Maximum bytes of a value that an error echoes: the start of a string, the members of an object
/// that fit, and nothing of any other longer value. All errors of one body together stay below 16
/// KiB, even if every character is escaped.
const MAX_ECHO_BYTES: usize = 512;

/// The remaining fields of a body, and the errors found so far.
pub struct Fields {
    values: Vec<(&'static str, FieldValue)>,
    /// The input that a missing field's error shows: the body for JSON, null for a form.
    body_echo: Value,
    errors: Vec<FieldError>,
}

enum FieldValue {
    Text(String),
    /// Not a string. Only its echo matters.
    Other(Option<Value>),
}

impl Fields {
    /// Parses a JSON object.
    ///
    /// # Errors
    /// The body is not an object, or has a duplicate name, which would be ambiguous.
    pub fn from_json(body: &[u8]) -> serde_json::Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let fields = deserializer.deserialize_map(MembersVisitor)?;
        deserializer.end()?;
        Ok(fields)
    }

    /// Parses a form. The last value of a repeated field counts, and an empty field is missing.
    pub fn from_form(body: &[u8]) -> Self {
        let mut fields = Self::new(Value::Null);
        for (name, value) in form_urlencoded::parse(body) {
            if let Some((name, _)) = known(&name)
                && !value.is_empty()
            {
                fields.values.retain(|(known, _)| *known != name);
                fields
                    .values
                    .push((name, FieldValue::Text(value.into_owned())));
            }
        }
        fields
    }

    /// The fields of a request without a body.
    pub fn none() -> Self {
        Self::new(Value::Null)
    }

    fn new(body_echo: Value) -> Self {
        Self {
            values: Vec::new(),
            body_echo,
            errors: Vec::new(),
        }
    }

    pub fn has(&self, field: &str) -> bool {
        self.values.iter().any(|(name, _)| *name == field)
    }

    /// Adds a field that the body lacks and another part of the request has.
    pub fn with(mut self, field: &'static str, text: String) -> Self {
        self.values.push((field, FieldValue::Text(text)));
        self
    }

    /// Takes a required field that must satisfy `rule`. On `None`, the error is recorded.
    pub fn required<T, E: Into<Refusal>>(
        &mut self,
        field: &'static str,
        rule: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(field) {
            Some(value) => self.check(field, value, rule),
            None => {
                let error = FieldError::missing(field, self.body_echo.clone());
                self.errors.push(error);
                None
            }
        }
    }

    /// Takes a required field with any text.
    pub fn required_text(&mut self, field: &'static str) -> Option<String> {
        self.required(field, |text| Ok::<_, Infallible>(text.to_owned()))
    }

    /// Takes a field that may be absent or null, and otherwise must satisfy `rule`.
    pub fn optional<T, E: Into<Refusal>>(
        &mut self,
        field: &'static str,
        rule: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(field)? {
            FieldValue::Other(Some(Value::Null)) => None,
            value => self.check(field, value, rule),
        }
    }

    /// Takes a field that may be absent or null, and otherwise has any text.
    pub fn optional_text(&mut self, field: &'static str) -> Option<String> {
        self.optional(field, |text| Ok::<_, Infallible>(text.to_owned()))
    }

    /// Takes a field that may be absent or null, and otherwise is true or false.
    pub fn flag(&mut self, field: &'static str) -> Option<bool> {
        match self.take(field)? {
            FieldValue::Other(Some(Value::Bool(flag))) => Some(flag),
            FieldValue::Other(Some(Value::Null)) => None,
            _ => {
                self.errors.push(FieldError::not_a_flag(field));
                None
            }
        }
    }

    /// Removes and returns the value of a field, which must be one of `fields!`.
    fn take(&mut self, field: &'static str) -> Option<FieldValue> {
        debug_assert!(known(field).is_some(), "{field} is not declared");
        let index = self.values.iter().position(|(name, _)| *name == field)?;
        Some(self.values.swap_remove(index).1)
    }

    fn check<T, E: Into<Refusal>>(
        &mut self,
        field: &'static str,
        value: FieldValue,
        rule: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let result = match value {
            FieldValue::Text(text) => rule(&text).map_err(|refusal| {
                let echo = (!is_secret(field)).then(|| Value::from(truncate(&text)));
                FieldError::refused(field, refusal.into(), echo)
            }),
            FieldValue::Other(echo) => {
                let echo = echo.filter(|value| value.is_null() || !is_secret(field));
                Err(FieldError::not_a_string(field, echo))
            }
        };
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// The errors of all taken fields.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

/// Visits the members of a JSON object.
struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new(Value::Null);
        let mut shown = Map::new();
        let mut budget = MAX_ECHO_BYTES;
        // Store hashes: the names themselves could take ten times the body's memory.
        let hasher = RandomState::new();
        let mut names = HashSet::new();
        while let Some((name, raw)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            if !names.insert(hasher.hash_one(&name)) {
                return Err(A::Error::custom("duplicate name"));
            }
            let length = name.len() + raw.get().len();
            if length <= budget && (raw.get() == "null" || !is_secret(&name)) {
                budget -= length;
                shown.extend(echo(raw).map(|value| (name.clone().into_owned(), value)));
            }
            let Some((name, _)) = known(&name) else {
                continue;
            };
            let value = if raw.get().starts_with('"') {
                FieldValue::Text(unescape(raw)?)
            } else {
                FieldValue::Other(echo(raw))
            };
            fields.values.push((name, value));
        }
        fields.body_echo = Value::Object(shown);
        Ok(fields)
    }
}

fn is_secret(name: &str) -> bool {
    known(name).is_some_and(|(_, is_secret)| is_secret)
}

/// Decodes a JSON string.
fn unescape<E: serde::de::Error>(raw: &RawValue) -> Result<String, E> {
    // A lone surrogate is the only error left. Its own message would count columns from the value.
    serde_json::from_str(raw.get()).map_err(|_| E::custom("lone surrogate in a string"))
}

/// A value for an error message. `None` if it is too long or nested too deeply.
fn echo(raw: &RawValue) -> Option<Value> {
    let is_short = raw.get().len() <= MAX_ECHO_BYTES;
    is_short.then(|| serde_json::from_str(raw.get()).ok())?
}

/// Truncates a long text.
fn truncate(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_ECHO_BYTES {
        return text.into();
    }
    let end = text.floor_char_boundary(MAX_ECHO_BYTES);
    format!("{}...", &text[..end]).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: &Value) -> Fields {
        Fields::from_json(body.to_string().as_bytes()).expect("an object")
    }

    fn text(text: &str) -> Result<String, Infallible> {
        Ok(text.to_owned())
    }

    fn errors(fields: Fields) -> Value {
        serde_json::to_value(fields.into_errors()).expect("JSON")
    }

    #[test]
    fn a_missing_field_echoes_the_body_without_its_secrets() {
        let body = json!({"username": "tom", "password": "abcde1", "token": null, "more": 1});
        let mut fields = fields(&body);
        assert_eq!(fields.required("email", text), None);
        let shown = json!({"username": "tom", "token": null, "more": 1});
        assert_eq!(
            errors(fields),
            json!([{"type": "missing", "loc": ["body", "email"], "msg": "Field required", "input": shown}])
        );
    }

    #[test]
    fn a_value_that_is_not_a_string_is_echoed_unless_it_is_secret() {
        for (field, value, shows) in [
            ("email", json!(5), true),
            ("email", Value::Null, true),
            ("refresh_token", Value::Null, true),
            ("refresh_token", json!(["secret"]), false),
            ("captcha_answer", json!({"a": "secret"}), false),
        ] {
            let mut fields = fields(&json!({ field: value }));
            assert_eq!(fields.required(field, text), None);
            let errors = errors(fields);
            assert_eq!(errors[0]["type"], "string_type");
            let shown = shows.then_some(&value);
            assert_eq!(errors[0].get("input"), shown, "{field}");
        }
    }

    #[test]
    fn a_refused_secret_is_never_echoed() {
        let mut fields = fields(&json!({"password": "hunter2"}));
        let taken = fields.required("password", |_| Err::<(), _>("is too well known"));
        assert_eq!(taken, None);
        assert_eq!(
            errors(fields),
            json!([{
                "type": "value_error",
                "loc": ["body", "password"],
                "msg": "Value error, is too well known",
                "ctx": {"error": {}},
            }])
        );
    }

    #[test]
    fn an_optional_field_may_be_absent_or_null_but_not_wrong() {
        let mut fields = fields(&json!({"grant_type": "implicit", "client_id": null}));
        assert_eq!(fields.optional("scope", text), None);
        assert_eq!(fields.optional("client_id", text), None);
        let taken = fields.optional("grant_type", |_| {
            Err::<(), _>(Refusal::Pattern("^password$"))
        });
        assert_eq!(taken, None);
        let errors = errors(fields);
        assert_eq!(errors.as_array().map(Vec::len), Some(1));
        assert_eq!(errors[0]["msg"], "String should match pattern '^password$'");
    }

    #[test]
    fn an_empty_form_field_is_missing() {
        let mut fields = Fields::from_form(b"username=");
        assert_eq!(fields.required("username", text), None);
        assert_eq!(errors(fields)[0]["input"], Value::Null);
    }

    #[test]
    fn the_last_nonempty_value_of_a_repeated_form_field_counts() {
        let mut fields = Fields::from_form(b"username=a&user%6eame=b+c&username=&x=y");
        assert_eq!(fields.required("username", text), Some("b c".to_owned()));
    }

    #[test]
    fn a_duplicate_name_is_refused_and_an_unknown_field_is_skipped() {
        for body in [r#"{"email": 1, "\u0065mail": 2}"#, r#"{"x": 1, "x": 1}"#] {
            assert!(Fields::from_json(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Fields::from_json(br#"{"x": [{"": {}, "": 1e999}]}"#).is_ok());
    }

    #[test]
    fn an_error_echoes_the_start_of_a_long_text_and_nothing_of_other_long_values() {
        let long = "\u{17c}".repeat(1_000);
        let mut fields = fields(&json!({"email": long, "username": [long]}));
        fields.required("email", |_| Err::<(), _>("is too long"));
        fields.required("username", text);
        let errors = errors(fields);
        let shown = errors[0]["input"].as_str().expect("a text");
        assert_eq!(shown, format!("{}...", &long[..MAX_ECHO_BYTES]));
        assert_eq!(errors[1].get("input"), None);
    }

    #[test]
    fn a_missing_field_echoes_only_the_members_that_fit() {
        let long = "x".repeat(MAX_ECHO_BYTES);
        let mut fields = fields(&json!({"a": 1, "email": long, "b": [2]}));
        fields.required("username", text);
        assert_eq!(errors(fields)[0]["input"], json!({"a": 1, "b": [2]}));
    }
}
