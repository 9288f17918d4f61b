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
    strings: [OnceLock<Strings>; LANGUAGES.len()],
}

struct Strings {
    /// All strings, for templates.
    all: Value,
    /// The strings for the scripts of all pages: JSON in an attribute.
    messages: Value,
    /// More strings for the scripts of pages about the user's own account.
    own_messages: Value,
    /// More strings for the scripts of the administration.
    admin_messages: Value,
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
        let strings = self.strings(language)?;
        let context = context! {
            language => language.code(),
            t => &strings.all,
            messages => &strings.messages,
            own_messages => &strings.own_messages,
            admin_messages => &strings.admin_messages,
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
            environment.add_filter("linked", linked);
            environment.set_loader(|name| Ok(read(name)));
            environment
        })
    }

    fn strings(&self, language: Language) -> anyhow::Result<&Strings> {
        let strings = &self.strings[language.index()];
        if let Some(strings) = strings.get() {
            return Ok(strings);
        }
        let file = format!("languages/{}.json", language.code());
        let text = read(&file).with_context(|| format!("no {file}"))?;
        let all: serde_json::Value = serde_json::from_str(&text).context(file)?;
        let [messages, own_messages, admin_messages] =
            ["messages", "own_messages", "admin_messages"]
                .map(|part| in_single_quotes(&all[part].to_string()));
        let all = Value::from(Serde(all));
        Ok(strings.get_or_init(|| Strings {
            all,
            messages,
            own_messages,
            admin_messages,
        }))
    }
}

fn read(name: &str) -> Option<String> {
    let file = Files::get(name)?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// Escapes text for an attribute in single quotes. Double quotes stay as they are: JSON is full of them, and
/// escaped they would be an eighth of a page.
fn in_single_quotes(text: &str) -> Value {
    let escaped = text.replace('&', "&amp;").replace('\'', "&#39;");
    Value::from_safe_string(escaped.replace('<', "&lt;"))
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
