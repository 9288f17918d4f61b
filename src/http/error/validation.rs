//! Validation errors by field, in FastAPI's format.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

error_kinds! {
    /// The body is invalid. The response lists every invalid field, in order.
    VALIDATION_ERROR = UNPROCESSABLE_ENTITY, "Invalid input";
}

/// Bytes of a query's parameter that an error shows.
const MAX_QUERY_ECHO_BYTES: usize = 512;

/// Body of a 422.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValidationErrorBody {
    /// The invalid fields, in the order of the request's fields.
    pub detail: Vec<FieldError>,
}

/// An invalid field.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldError {
    /// Kind of the violated rule, for programs.
    #[schema(example = "value_error")]
    pub r#type: &'static str,
    /// Location: `body` and the field's name, or the offset of the JSON error.
    pub loc: Vec<Location>,
    /// The violated rule, for people.
    #[schema(example = "Value error, Username must be at least 3 characters long.")]
    pub msg: String,
    /// The submitted value. Absent for secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>, required = false)]
    pub input: Option<Value>,
    /// Further details, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, required = false)]
    pub ctx: Option<Value>,
}

/// A step of the location.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Location {
    /// A part of the request, or a field.
    Name(&'static str),
    /// An offset in the text, in characters.
    Offset(usize),
}

/// Reason for rejecting a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// It violates a rule of ours.
    Rule(String),
    /// It is not an email address.
    Email(String),
    /// It is not a UUID.
    Uuid(String),
    /// It does not match the pattern.
    Pattern(&'static str),
    /// It is none of these values.
    Choice(&'static str),
}

impl FieldError {
    /// A missing field. `input` is the submitted value in its place.
    pub fn missing(field: &'static str, input: Value) -> Self {
        Self::new("missing", Some(field), "Field required".into()).with_input(Some(input))
    }

    /// An empty body.
    pub fn no_body() -> Self {
        Self::new("missing", None, "Field required".into()).with_input(Some(Value::Null))
    }

    /// A body that is not an object.
    pub fn not_an_object() -> Self {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        Self::new("model_attributes_type", None, msg.into())
    }

    /// A body that is invalid JSON from `offset` on, in characters.
    pub fn not_json(offset: usize, reason: &str) -> Self {
        let mut error = Self::new("json_invalid", None, "JSON decode error".into());
        error.loc.push(Location::Offset(offset));
        error.ctx = Some(json!({ "error": reason }));
        error.with_input(Some(json!({})))
    }

    pub fn not_a_string(field: &'static str, input: Option<Value>) -> Self {
        let msg = "Input should be a valid string";
        Self::new("string_type", Some(field), msg.into()).with_input(input)
    }

    /// A value that is neither true nor false.
    pub fn not_a_flag(field: &'static str) -> Self {
        let msg = "Input should be a valid boolean";
        Self::new("bool_type", Some(field), msg.into())
    }

    pub fn refused(field: &'static str, refusal: Refusal, input: Option<Value>) -> Self {
        let (r#type, msg, ctx) = match refusal {
            Refusal::Rule(message) => (
                "value_error",
                format!("Value error, {message}"),
                json!({ "error": {} }),
            ),
            Refusal::Email(reason) => (
                "value_error",
                format!("value is not a valid email address: {reason}"),
                json!({ "reason": reason }),
            ),
            Refusal::Uuid(reason) => (
                "uuid_parsing",
                format!("Input should be a valid UUID, {reason}"),
                json!({ "error": reason }),
            ),
            Refusal::Pattern(pattern) => (
                "string_pattern_mismatch",
                format!("String should match pattern '{pattern}'"),
                json!({ "pattern": pattern }),
            ),
            Refusal::Choice(expected) => (
                "enum",
                format!("Input should be {expected}"),
                json!({ "expected": expected }),
            ),
        };
        let mut error = Self::new(r#type, Some(field), msg).with_input(input);
        error.ctx = Some(ctx);
        error
    }

    /// The field and the violated rule, in words.
    pub fn words(&self) -> String {
        let rule = self.msg.trim_start_matches("Value error, ");
        match self.loc.last() {
            Some(Location::Name(field)) => format!("{field}: {rule}"),
            _ => rule.to_owned(),
        }
    }

    /// The same error, of a parameter of the query.
    pub fn in_query(mut self) -> Self {
        self.loc[0] = Location::Name("query");
        self
    }

    /// A parameter of the query that violates a rule.
    pub fn refused_in_query(field: &'static str, refusal: Refusal, input: &str) -> Self {
        let end = input.floor_char_boundary(MAX_QUERY_ECHO_BYTES);
        let mut error = Self::refused(field, refusal, Some(input[..end].into()));
        error.loc = vec![Location::Name("query"), Location::Name(field)];
        error
    }

    fn new(r#type: &'static str, field: Option<&'static str>, msg: String) -> Self {
        let body = Location::Name("body");
        Self {
            r#type,
            loc: std::iter::once(body)
                .chain(field.map(Location::Name))
                .collect(),
            msg,
            input: None,
            ctx: None,
        }
    }

    fn with_input(mut self, input: Option<Value>) -> Self {
        self.input = input;
        self
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::Rule(message)
    }
}

impl From<&'static str> for Refusal {
    fn from(message: &'static str) -> Self {
        Self::Rule(message.to_owned())
    }
}

impl From<uuid::Error> for Refusal {
    fn from(error: uuid::Error) -> Self {
        Self::Uuid(error.to_string())
    }
}

impl From<std::convert::Infallible> for Refusal {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
