//! The page at `/docs`, made of the description.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value, context};

/// Its template, and those that it includes.
#[derive(rust_embed::Embed)]
#[folder = "templates/docs"]
struct Templates;

/// The page that shows a description, which is JSON.
pub fn page(description: &str) -> String {
    let api: Value = serde_json::from_str(description).expect("the description is JSON");
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).build();
    environment.set_syntax(syntax.expect("Jinja's own delimiters"));
    // What is missing may be asked for, but not shown.
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
    page.expect("the page shows what there is")
}

/// The name of the schema that a JSON reference like `#/components/schemas/Token` points at.
fn schema_name(reference: String) -> String {
    reference.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Shows what stands between backticks as code.
fn code(text: String) -> Value {
    let parts = text.split('`').enumerate();
    // Every other part stands between two backticks.
    let parts = parts.map(|(index, part)| match index % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    });
    Value::from_safe_string(parts.collect())
}

/// A text as it is, and anything else as JSON that people can read.
fn pretty(value: &Value) -> Value {
    let shown = match value.as_str() {
        Some(text) => escape(text),
        None => escape(&serde_json::to_string_pretty(value).expect("it was JSON")),
    };
    Value::from_safe_string(shown)
}

/// A text between tags, as HTML. Quotes mean nothing there, and JSON is full of them.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn backticks_make_code_of_a_text_and_nothing_makes_html_of_it() {
    for (text, html) in [
        ("`a` and `<b>`", "<code>a</code> and <code>&lt;b&gt;</code>"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("", ""),
    ] {
        assert_eq!(code(text.into()).to_string(), html);
    }
}

#[test]
fn a_text_is_shown_as_it_is_and_the_rest_as_json_in_its_order() {
    assert_eq!(pretty(&Value::from("a <b>")).to_string(), "a &lt;b&gt;");
    let object: Value = serde_json::from_str(r#"{"z": null, "a": ["&"]}"#).expect("JSON");
    let shown = "{\n  \"z\": null,\n  \"a\": [\n    \"&amp;\"\n  ]\n}";
    assert_eq!(pretty(&object).to_string(), shown);
}
