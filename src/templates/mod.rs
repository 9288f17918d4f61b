//! Renders the templates and strings of the folder `templates`, which is compiled into the
//! component.

use std::sync::OnceLock;

use anyhow::Context;
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, ErrorKind, HtmlEscape, UndefinedBehavior, Value, context};
use rust_embed::Embed;

use crate::languages::{LANGUAGES, Language};

#[derive(Embed)]
#[folder = "templates"]
#[exclude = "assets/*"]
struct Files;

/// The templates and strings of this instance, loaded at first use. Values in HTML are escaped.
#[derive(Default)]
pub struct Templates {
    environment: OnceLock<Environment<'static>>,
    /// All strings, by language.
    strings: [OnceLock<Value>; LANGUAGES.len()],
}

impl Templates {
    /// # Errors
    /// The template does not exist, or needs a value that `context` lacks.
    pub fn render(&self, name: &str, context: Value) -> anyhow::Result<String> {
        self.environment()
            .get_template(name)
            .and_then(|template| template.render(context))
            .with_context(|| format!("cannot render {name}"))
    }

    /// Renders a template with the strings of a language.
    ///
    /// # Errors
    /// Like [`render`](Self::render), or a string is missing.
    pub fn render_in(
        &self,
        language: Language,
        name: &str,
        context: Value,
    ) -> anyhow::Result<String> {
        let context = context! {
            language => language.code(),
            t => self.strings(language)?,
            ..context
        };
        self.render(name, context)
    }

    /// The environment. It compiles a template when it is first rendered.
    fn environment(&self) -> &Environment<'static> {
        self.environment.get_or_init(|| {
            let mut environment = Environment::new();
            // Templates may test missing values, but not print them.
            environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
            environment.add_filter("fill", fill);
            environment.add_filter("json", json);
            environment.add_filter("linked", linked);
            environment.set_loader(|name| Ok(read(name)));
            environment
        })
    }

    fn strings(&self, language: Language) -> anyhow::Result<&Value> {
        let strings = &self.strings[language.index()];
        if let Some(strings) = strings.get() {
            return Ok(strings);
        }
        let file = format!("languages/{}.json", language.code());
        let text = read(&file).with_context(|| format!("no {file}"))?;
        let all: serde_json::Value = serde_json::from_str(&text).context(file)?;
        Ok(strings.get_or_init(|| Value::from(Serde(all))))
    }
}

fn read(name: &str) -> Option<String> {
    let file = Files::get(name)?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// JSON for an attribute in single quotes. Double quotes stay as they are: JSON is full of them, and escaped
/// they would be an eighth of a page.
fn json(value: Value) -> Result<Value, minijinja::Error> {
    let text = serde_json::to_string(&value).map_err(|error| {
        minijinja::Error::new(ErrorKind::BadSerialization, "no JSON").with_source(error)
    })?;
    let escaped = text.replace('&', "&amp;").replace('\'', "&#39;");
    Ok(Value::from_safe_string(escaped.replace('<', "&lt;")))
}

/// Replaces each `{name}` in a string by its value.
fn fill(text: String, values: Kwargs) -> Result<String, minijinja::Error> {
    let mut filled = text;
    for name in values.args() {
        let value: Value = values.get(name)?;
        filled = filled.replace(&format!("{{{name}}}"), &value.to_string());
    }
    Ok(filled)
}

/// Makes the part of a string in square brackets a link, in HTML.
fn linked(text: String, address: String) -> Result<Value, minijinja::Error> {
    let parts = text.split_once('[').and_then(|(before, rest)| {
        let (label, after) = rest.split_once(']')?;
        Some([before, label, after].map(HtmlEscape))
    });
    let missing = || minijinja::Error::new(ErrorKind::InvalidOperation, "no part in brackets");
    let [before, label, after] = parts.ok_or_else(missing)?;
    let address = HtmlEscape(&address);
    let html = format!("{before}<a href=\"{address}\">{label}</a>{after}");
    Ok(Value::from_safe_string(html))
}

#[cfg(test)]
mod tests;
