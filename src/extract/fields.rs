//! Takes the fields out of a body one after another, and notes what is wrong with each.

use std::convert::Infallible;

use serde_json::{Map, Value};

use crate::error::validation::{FieldError, Refusal};

/// Fields whose values an answer never repeats.
const SECRET_FIELDS: [&str; 5] = [
    "password",
    "new_password",
    "token",
    "refresh_token",
    "captcha_answer",
];

/// The fields of a body, and what is wrong with those that were taken so far.
pub struct Fields {
    values: Map<String, Value>,
    /// What a missing field shows as its input: the whole body for JSON, nothing for a form.
    whole: Value,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The fields of a JSON object.
    pub fn of_json(values: Map<String, Value>) -> Self {
        let shown = values.iter().filter(|(name, value)| is_shown(name, value));
        let whole = Value::Object(shown.map(|(k, v)| (k.clone(), v.clone())).collect());
        Self {
            values,
            whole,
            errors: Vec::new(),
        }
    }

    /// The fields of a form; of a repeated field the last counts, and an empty one is missing.
    pub fn of_form(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let filled = pairs.filter(|(_, value)| !value.is_empty());
        Self {
            values: filled.map(|(k, v)| (k, Value::String(v))).collect(),
            whole: Value::Null,
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
        if !self.values.contains_key(field) {
            let error = FieldError::missing(field, self.whole.clone());
            self.errors.push(error);
            return None;
        }
        self.present(field, rule)
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
        match self.values.get(field)? {
            Value::Null => None,
            _ => self.present(field, rule),
        }
    }

    fn present<T, E: Into<Refusal>>(
        &mut self,
        field: &'static str,
        rule: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.values.remove(field)?;
        let result = match &value {
            Value::String(text) => rule(text).map_err(|refusal| {
                FieldError::refused(field, refusal.into(), shown(field, &value))
            }),
            _ => Err(FieldError::not_a_string(field, shown(field, &value))),
        };
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// What is wrong with the fields that were taken.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

fn is_shown(field: &str, value: &Value) -> bool {
    value.is_null() || !SECRET_FIELDS.contains(&field)
}

fn shown(field: &str, value: &Value) -> Option<Value> {
    is_shown(field, value).then(|| value.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: &Value) -> Fields {
        Fields::of_json(body.as_object().expect("an object").clone())
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
        let pairs = [("username".to_owned(), String::new())];
        let mut fields = Fields::of_form(pairs.into_iter());
        assert_eq!(fields.required("username", text), None);
        assert_eq!(errors(fields)[0]["input"], Value::Null);
    }
}
