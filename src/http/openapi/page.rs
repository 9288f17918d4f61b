//! Renders the page at `/docs` from the OpenAPI description.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value, context};

#[derive(rust_embed::Embed)]
#[folder = "templates/docs"]
struct Templates;

/// Renders the description, which is JSON.
pub fn page(description: &str) -> String {
    let api: Value = serde_json::from_str(description).expect("the description is JSON");
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).build();
    environment.set_syntax(syntax.expect("Jinja's own delimiters"));
    // Templates may test missing values, but not print them.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_filter("code", code);
    environment.add_filter("pretty", pretty);
    environment.add_filter("schema_name", schema_name);
    for name in Templates::iter() {
        let source = Templates::get(&name).expect("a file").data.into_owned();
        let source = String::from_utf8(source).expect("text");
        let name = format!("docs/{name}");
        environment
            .add_template_owned(name, source)
            .expect("a template");
    }
    let template = environment.get_template("docs/docs.html");
    let page = template.and_then(|template| template.render(context! { api }));
    page.expect("the page renders")
}

/// The schema name of a JSON reference such as `#/components/schemas/Token`.
fn schema_name(reference: String) -> String {
    reference.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Turns text between backticks into code elements.
fn code(text: String) -> Value {
    let parts = text.split('`').enumerate();
    // Odd parts are between two backticks.
    let parts = parts.map(|(index, part)| {
        if index % 2 == 0 {
            escape(part)
        } else {
            format!("<code>{}</code>", escape(part))
        }
    });
    Value::from_safe_string(parts.collect())
}

/// Shows a text as it is, and any other value as indented JSON.
fn pretty(value: &Value) -> Value {
    let shown = match value.as_str() {
        Some(text) => escape(text),
        None => escape(&serde_json::to_string_pretty(value).expect("it was JSON")),
    };
    Value::from_safe_string(shown)
}

/// Escapes text between tags. Quotes need no escaping there, and JSON is full of them.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn backticks_become_code_and_everything_else_is_escaped() {
    for (text, html) in [
        ("`a` and `<b>`", "<code>a</code> and <code>&lt;b&gt;</code>"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("", ""),
    ] {
        assert_eq!(code(text.into()).to_string(), html);
    }
}

#[test]
fn a_text_is_shown_as_it_is_and_other_values_as_json_in_order() {
    assert_eq!(pretty(&Value::from("a <b>")).to_string(), "a &lt;b&gt;");
    let object: Value = serde_json::from_str(r#"{"z": null, "a": ["&"]}"#).expect("JSON");
    let shown = "{\n  \"z\": null,\n  \"a\": [\n    \"&amp;\"\n  ]\n}";
    assert_eq!(pretty(&object).to_string(), shown);
}
