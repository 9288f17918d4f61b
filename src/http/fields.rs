//! Takes the fields out of a body one after another, and notes what is wrong with each.
//!
//! A body may be a megabyte of anything. Only the fields that our routes know are kept; the rest is
//! skipped without being parsed. An error repeats at most [`MAX_ECHO_BYTES`] of a value.

use std::borrow::Cow;
use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::validation::{FieldError, Refusal};

/// Every field of every body, and whether its value is a secret that no answer may repeat.
const FIELDS: &[(&str, bool)] = &[
    ("email", false),
    ("username", false),
    ("password", true),
    ("new_password", true),
    ("captcha_id", false),
    ("captcha_answer", true),
    ("grant_type", false),
    ("refresh_token", true),
    ("token", true),
];
/// How much of a value an error repeats: of a string its beginning, of an object the members that
/// fit, of anything else nothing once it is longer. All errors of one body together stay below
/// 16 KiB, even if every character is escaped.
const MAX_ECHO_BYTES: usize = 512;

/// The fields of a body, and what is wrong with those that were taken so far.
pub struct Fields {
    given: Vec<(&'static str, Given)>,
    /// The input that the error of a missing field shows: the body for JSON, nothing for a form.
    whole: Value,
    errors: Vec<FieldError>,
}

/// The value of a field.
enum Given {
    Text(String),
    /// Not a string: all that matters is how an error shows it, if it can.
    Other(Option<Value>),
}

impl Fields {
    /// The fields of a JSON object.
    ///
    /// # Errors
    /// The body is not an object, or a name stands twice in it: which of the two counts would be
    /// anyone's guess.
    pub fn from_json(body: &[u8]) -> serde_json::Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let fields = deserializer.deserialize_map(Members)?;
        deserializer.end()?;
        Ok(fields)
    }

    /// The fields of a form; of a repeated field the last counts, and an empty one is missing.
    pub fn from_form(body: &[u8]) -> Self {
        let mut fields = Self::new(Value::Null);
        for (name, value) in form_urlencoded::parse(body) {
            if let Some((name, _)) = known(&name)
                && !value.is_empty()
            {
                fields.given.retain(|(given, _)| *given != name);
                fields.given.push((name, Given::Text(value.into_owned())));
            }
        }
        fields
    }

    fn new(whole: Value) -> Self {
        Self {
            given: Vec::new(),
            whole,
            errors: Vec::new(),
        }
    }

    /// Takes a field that must be there and satisfy `rule`. `None` means that it does not, and
    /// that the reason is noted.
    pub fn required<T, E: Into<Refusal>>(
        &mut self,
        field: &'static str,
        rule: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(field) {
            Some(given) => self.check(field, given, rule),
            None => {
                let error = FieldError::missing(field, self.whole.clone());
                self.errors.push(error);
                None
            }
        }
    }

    /// Takes a field that must be there and may be any text.
    pub fn required_text(&mut self, field: &'static str) -> Option<String> {
        self.required(field, |text| Ok::<_, Infallible>(text.to_owned()))
    }

    /// Takes a field that may be absent or null, but satisfies `rule` when it is there.
    pub fn optional<T, E: Into<Refusal>>(
        &mut self,
        field: &'static str,
        rule: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(field)? {
            Given::Other(Some(Value::Null)) => None,
            given => self.check(field, given, rule),
        }
    }

    /// The value of a field, which must be declared in [`FIELDS`].
    fn take(&mut self, field: &'static str) -> Option<Given> {
        debug_assert!(known(field).is_some(), "{field} is not declared");
        let index = self.given.iter().position(|(name, _)| *name == field)?;
        Some(self.given.swap_remove(index).1)
    }

    fn check<T, E: Into<Refusal>>(
        &mut self,
        field: &'static str,
        given: Given,
        rule: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let result = match given {
            Given::Text(text) => rule(&text).map_err(|refusal| {
                let echo = (!is_secret(field)).then(|| Value::from(cut(&text)));
                FieldError::refused(field, refusal.into(), echo)
            }),
            Given::Other(echo) => {
                let echo = echo.filter(|value| value.is_null() || !is_secret(field));
                Err(FieldError::not_a_string(field, echo))
            }
        };
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// What is wrong with the fields that were taken.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

/// Reads the members of a JSON object.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new(Value::Null);
        let mut shown = Map::new();
        let mut room = MAX_ECHO_BYTES;
        // A hash of each name: the names themselves could take ten times the body's memory.
        let hasher = RandomState::new();
        let mut names = HashSet::new();
        while let Some((name, raw)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            if !names.insert(hasher.hash_one(&name)) {
                return Err(A::Error::custom("a name stands twice"));
            }
            let length = name.len() + raw.get().len();
            if length <= room && (raw.get() == "null" || !is_secret(&name)) {
                room -= length;
                shown.extend(echo(raw).map(|value| (name.clone().into_owned(), value)));
            }
            let Some((name, _)) = known(&name) else {
                continue;
            };
            let given = if raw.get().starts_with('"') {
                Given::Text(from_escapes(raw)?)
            } else {
                Given::Other(echo(raw))
            };
            fields.given.push((name, given));
        }
        fields.whole = Value::Object(shown);
        Ok(fields)
    }
}

fn known(name: &str) -> Option<(&'static str, bool)> {
    FIELDS.iter().copied().find(|(known, _)| *known == name)
}

fn is_secret(name: &str) -> bool {
    known(name).is_some_and(|(_, is_secret)| is_secret)
}

/// The text of a JSON string.
fn from_escapes<E: serde::de::Error>(raw: &RawValue) -> Result<String, E> {
    // The only fault that is left to be found; its own error would count from the value.
    serde_json::from_str(raw.get()).map_err(|_| E::custom("a text holds half a surrogate pair"))
}

/// A value as an error shows it; `None` if it is too long or nested too deeply.
fn echo(raw: &RawValue) -> Option<Value> {
    let is_short = raw.get().len() <= MAX_ECHO_BYTES;
    is_short.then(|| serde_json::from_str(raw.get()).ok())?
}

/// The beginning of a text that is too long to be repeated.
fn cut(text: &str) -> Cow<'_, str> {
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
    fn a_missing_field_shows_the_whole_body_without_its_secrets() {
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
    fn a_value_that_is_no_text_is_shown_unless_it_is_secret() {
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
    fn a_refused_secret_is_never_repeated() {
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
    fn of_a_repeated_form_field_the_last_that_is_not_empty_counts() {
        let mut fields = Fields::from_form(b"username=a&user%6eame=b+c&username=&x=y");
        assert_eq!(fields.required("username", text), Some("b c".to_owned()));
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_and_an_unknown_field_is_skipped() {
        for body in [r#"{"email": 1, "\u0065mail": 2}"#, r#"{"x": 1, "x": 1}"#] {
            assert!(Fields::from_json(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Fields::from_json(br#"{"x": [{"": {}, "": 1e999}]}"#).is_ok());
    }

    #[test]
    fn an_error_repeats_the_beginning_of_a_long_text_and_nothing_of_another_long_value() {
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
    fn a_missing_field_shows_only_the_members_that_fit() {
        let long = "x".repeat(MAX_ECHO_BYTES);
        let mut fields = fields(&json!({"a": 1, "email": long, "b": [2]}));
        fields.required("username", text);
        assert_eq!(errors(fields)[0]["input"], json!({"a": 1, "b": [2]}));
    }
}
