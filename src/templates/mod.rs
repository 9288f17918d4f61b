//! The texts that people see, from the folder `templates`, compiled into the component.

use std::sync::OnceLock;

use anyhow::Context;
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::languages::Language;

/// A template under the name that others extend or include it by.
macro_rules! template {
    ($name:literal) => {
        ($name, include_str!(concat!("../../templates/", $name)))
    };
}

/// Every template that the component renders.
const TEMPLATES: [(&str, &str); 16] = [
    template!("email/base/body.html"),
    template!("email/base/button.html"),
    template!("email/password_reset/subject.txt"),
    template!("email/password_reset/body.txt"),
    template!("email/password_reset/body.html"),
    template!("email/password_changed/subject.txt"),
    template!("email/password_changed/body.txt"),
    template!("email/password_changed/body.html"),
    template!("pages/base.html"),
    template!("pages/field.html"),
    template!("pages/submit.html"),
    template!("pages/register.html"),
    template!("pages/login.html"),
    template!("pages/forgot_password.html"),
    template!("pages/reset_password.html"),
    template!("pages/account.html"),
];

/// The templates and strings of this instance, read when they are first needed; what is put into
/// HTML is escaped.
#[derive(Default)]
pub struct Templates {
    environment: OnceLock<Environment<'static>>,
    strings: [OnceLock<Strings>; Language::COUNT],
}

/// The strings of a language.
struct Strings {
    /// All of them, for templates.
    all: Value,
    /// Those that the pages' scripts show, as JSON.
    messages: String,
}

impl Templates {
    /// Renders a template.
    ///
    /// # Errors
    /// There is no such template, or `context` lacks something that it shows.
    pub fn render(&self, name: &str, context: Value) -> anyhow::Result<String> {
        self.environment()?
            .get_template(name)
            .and_then(|template| template.render(context))
            .with_context(|| format!("cannot render {name}"))
    }

    /// Renders a template that takes its words from the strings of a language.
    ///
    /// # Errors
    /// As [`render`](Self::render); a string that is missing is one of the things.
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
            ..context
        };
        self.render(name, context)
    }

    fn environment(&self) -> anyhow::Result<&Environment<'static>> {
        if let Some(environment) = self.environment.get() {
            return Ok(environment);
        }
        let mut environment = Environment::new();
        // What is missing may be asked for, but not shown.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.add_filter("fill", fill);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).context(name)?;
        }
        Ok(self.environment.get_or_init(|| environment))
    }

    fn strings(&self, language: Language) -> anyhow::Result<&Strings> {
        let strings = &self.strings[language.index()];
        if let Some(strings) = strings.get() {
            return Ok(strings);
        }
        let all: serde_json::Value =
            serde_json::from_str(language.strings()).context(language.code())?;
        let messages = all["messages"].to_string();
        let all = Value::from(Serde(all));
        Ok(strings.get_or_init(|| Strings { all, messages }))
    }
}

/// A string with values in the place of its `{name}`.
fn fill(text: String, values: Kwargs) -> Result<String, minijinja::Error> {
    let mut filled = text;
    for name in values.args() {
        let value: Value = values.get(name)?;
        filled = filled.replace(&format!("{{{name}}}"), &value.to_string());
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;
