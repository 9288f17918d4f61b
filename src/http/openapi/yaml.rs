//! The OpenAPI description as YAML.

use std::sync::OnceLock;

use serde_transcode::Transcoder;

/// What this instance has converted already.
static DESCRIPTION: OnceLock<String> = OnceLock::new();

/// Converts the description from JSON, once in each instance.
pub fn description(json: &[u8]) -> anyhow::Result<&'static str> {
    if let Some(yaml) = DESCRIPTION.get() {
        return Ok(yaml);
    }
    let yaml = from_json(json)?;
    Ok(DESCRIPTION.get_or_init(|| yaml))
}

/// Converts JSON to YAML in block style, value by value, so that keys keep their order.
fn from_json(json: &[u8]) -> anyhow::Result<String> {
    let mut json = serde_json::Deserializer::from_slice(json);
    Ok(serde_saphyr::to_string(&Transcoder::new(&mut json))?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Any JSON, with text that YAML could take for something else. Without tabs: the two libraries do not agree
    /// on a line that begins with one, and the description has none.
    fn json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[ -~]{0,20}",
            "[a-z:#\\-?\\[\\]{}&*!|>'\"%@`, \n\\\\]{0,20}",
            "\\PC{0,20}",
            "(yes|no|on|null|~|true|1e3|0x1f|0o7|1_000|12:30|2026-11-22|\\.inf|---|\\.\\.\\.|<<)",
            "[a-z ]{60,200}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            let fields = prop::collection::vec((text.clone(), inner.clone()), 0..4);
            let object = fields.prop_map(|fields| Value::Object(fields.into_iter().collect()));
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::Array),
                object
            ]
        })
    }

    proptest! {
        #[test]
        fn another_parser_reads_the_same_from_the_yaml(value in json()) {
            let yaml = from_json(value.to_string().as_bytes()).expect("YAML");
            let read: Value = yaml_serde::from_str(&yaml).expect(&yaml);
            prop_assert_eq!(read, value, "{}", yaml);
        }
    }

    #[test]
    fn keys_keep_their_order_and_nothing_is_in_braces() {
        let value = json!({"z": {"b": [1, {"d": "text"}], "a": "two\nlines"}, "a": null});
        let yaml = from_json(value.to_string().as_bytes()).expect("YAML");
        assert_eq!(
            yaml,
            "z:\n  b:\n  - 1\n  - d: text\n  a: |-\n    two\n    lines\na: null\n"
        );
    }

    #[test]
    fn text_that_is_no_json_is_an_error() {
        for text in ["", "{", "{\"a\"}", "[1,]", "nul"] {
            assert!(from_json(text.as_bytes()).is_err(), "{text}");
        }
    }
}
