//! The expected entries of a 422.

use serde_json::{Value, json};

/// A missing field; `input` is the reported value.
pub(crate) fn missing(field: &str, input: Value) -> Value {
    json!({"type": "missing", "loc": ["body", field], "msg": "Field required", "input": input})
}

pub(crate) fn no_body() -> Value {
    json!({"type": "missing", "loc": ["body"], "msg": "Field required", "input": null})
}

/// A body that is not an object.
pub(crate) fn not_an_object() -> Value {
    let msg = "Input should be a valid dictionary or object to extract fields from";
    json!({"type": "model_attributes_type", "loc": ["body"], "msg": msg})
}

/// A value that is not a string.
pub(crate) fn not_a_string(field: &str, input: Value) -> Value {
    let msg = "Input should be a valid string";
    json!({"type": "string_type", "loc": ["body", field], "msg": msg, "input": input})
}

/// A value that breaks a rule.
pub(crate) fn broken_rule(field: &str, message: &str, input: Value) -> Value {
    json!({
        "type": "value_error",
        "loc": ["body", field],
        "msg": format!("Value error, {message}"),
        "input": input,
        "ctx": {"error": {}},
    })
}

/// A parameter of the query that breaks a rule.
pub(crate) fn in_query(parameter: &str, message: &str, input: &str) -> Value {
    let mut entry = broken_rule(parameter, message, input.into());
    entry["loc"][0] = "query".into();
    entry
}

/// A string that is not an email address.
pub(crate) fn bad_email(reason: &str, input: &str) -> Value {
    json!({
        "type": "value_error",
        "loc": ["body", "email"],
        "msg": format!("value is not a valid email address: {reason}"),
        "input": input,
        "ctx": {"reason": reason},
    })
}

/// The entry without its `input`, which must not be echoed.
pub(crate) fn secret(mut entry: Value) -> Value {
    let entry_fields = entry.as_object_mut().expect("an entry is an object");
    entry_fields.remove("input");
    entry
}
