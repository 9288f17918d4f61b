//! The texts that people see, from the folder `templates`, compiled into the component.

use std::fmt::Write;

use anyhow::Context;
use minijinja::{Environment, HtmlEscape, UndefinedBehavior, Value};

/// Every template, by the name that others extend or include it by.
const TEMPLATES: [(&str, &str); 11] = [
    (
        "email/base/body.html",
        include_str!("../templates/email/base/body.html"),
    ),
    (
        "email/password_reset/subject.txt",
        include_str!("../templates/email/password_reset/subject.txt"),
    ),
    (
        "email/password_reset/body.txt",
        include_str!("../templates/email/password_reset/body.txt"),
    ),
    (
        "email/password_reset/body.html",
        include_str!("../templates/email/password_reset/body.html"),
    ),
    (
        "email/password_changed/subject.txt",
        include_str!("../templates/email/password_changed/subject.txt"),
    ),
    (
        "email/password_changed/body.txt",
        include_str!("../templates/email/password_changed/body.txt"),
    ),
    (
        "email/password_changed/body.html",
        include_str!("../templates/email/password_changed/body.html"),
    ),
    (
        "pages/docs.html",
        include_str!("../templates/pages/docs.html"),
    ),
    (
        "pages/docs/body.html",
        include_str!("../templates/pages/docs/body.html"),
    ),
    (
        "pages/docs/fields.html",
        include_str!("../templates/pages/docs/fields.html"),
    ),
    (
        "pages/docs/type.html",
        include_str!("../templates/pages/docs/type.html"),
    ),
];

/// The templates of this instance; what is put into HTML is escaped.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Compiles all templates.
    ///
    /// # Errors
    /// One of them is not a template, which a test rules out.
    pub fn new() -> anyhow::Result<Self> {
        let mut environment = Environment::new();
        // What is missing may be asked for, but not shown.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.add_filter("code", code);
        environment.add_filter("pretty", pretty);
        environment.add_filter("schema_name", schema_name);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).context(name)?;
        }
        Ok(Self(environment))
    }

    /// Renders a template.
    ///
    /// # Errors
    /// There is no such template, or `context` lacks something that it shows.
    pub fn render(&self, name: &str, context: Value) -> anyhow::Result<String> {
        self.0
            .get_template(name)
            .and_then(|template| template.render(context))
            .with_context(|| format!("cannot render {name}"))
    }
}

/// The name of the schema that a JSON reference like `#/components/schemas/Token` points at.
fn schema_name(reference: String) -> String {
    reference.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Shows what stands between backticks as code.
fn code(text: String) -> Value {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = HtmlEscape(part);
        // Every other part stands between two backticks.
        let _ = match index % 2 {
            0 => write!(html, "{part}"),
            _ => write!(html, "<code>{part}</code>"),
        };
    }
    Value::from_safe_string(html)
}

/// A text as it is, and anything else as JSON that people can read.
fn pretty(value: &Value) -> Result<String, minijinja::Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => serde_json::to_string_pretty(value).map_err(|error| {
            let kind = minijinja::ErrorKind::InvalidOperation;
            minijinja::Error::new(kind, "cannot be shown as JSON").with_source(error)
        }),
    }
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn every_template_compiles() {
        Templates::new().expect("templates");
    }

    #[test]
    fn a_value_that_is_missing_is_an_error_and_no_gap() {
        let templates = Templates::new().expect("templates");
        let rendered = templates.render("email/password_reset/body.txt", context! {});
        assert!(rendered.is_err());
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
        assert_eq!(pretty(&Value::from("a")).expect("text"), "a");
        let object: Value = serde_json::from_str(r#"{"z": null, "a": [1]}"#).expect("JSON");
        let shown = pretty(&object).expect("JSON");
        assert_eq!(shown, "{\n  \"z\": null,\n  \"a\": [\n    1\n  ]\n}");
    }
}
