//! Variables: the sources of the application's values, and how the component reads its own.

use std::{
    collections::{BTreeMap, HashMap},
    env::{self, VarError},
    io::ErrorKind,
    path::Path,
};

use anyhow::{Context, Result, bail};
use tokio::task::block_in_place;
use wasmtime::component::{Accessor, HasSelf};

use crate::{
    bindings::{
        spin::variables::variables::{Error, Host, HostWithStore},
        wasi2::fermyon::spin::variables as wasi2,
    },
    manifest::Variable,
    state::State,
    template,
    trace::Call,
};

/// The component's variables, by name.
pub(crate) type Variables = HashMap<String, String>;

/// The sources of values, in Spin's order of precedence.
pub(crate) struct Sources {
    /// Reads one environment variable of this process.
    pub(crate) environment: fn(&str) -> Result<String, VarError>,
    /// From the `.env` file.
    pub(crate) dotenv: HashMap<String, String>,
}

impl Sources {
    /// The sources of this process; `.env` is read from the working directory, as in Spin.
    ///
    /// # Errors
    /// If `.env` exists but cannot be read or parsed.
    pub(crate) fn of_process() -> Result<Self> {
        Ok(Self {
            environment: |name| env::var(name),
            dotenv: read_dotenv(Path::new(".env"))?,
        })
    }

    fn get(&self, name: &str) -> Result<Option<String>> {
        let key = environment_name(name);
        match (self.environment)(&key) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(self.dotenv.get(&key).cloned()),
            Err(VarError::NotUnicode(_)) => bail!("{key} is not UTF-8"),
        }
    }

    /// The value of every application variable.
    ///
    /// # Errors
    /// If Spin does not allow a name, or if a required variable has no value.
    pub(crate) fn resolve(
        &self,
        declared: &BTreeMap<String, Variable>,
    ) -> Result<HashMap<String, String>> {
        let mut values = HashMap::new();
        for (name, variable) in declared {
            check_name(name).map_err(anyhow::Error::msg)?;
            let value = self.get(name)?.or_else(|| variable.default.clone());
            let value = value.with_context(|| {
                let key = environment_name(name);
                format!("the variable `{name}` is required and has no value: set {key}")
            })?;
            values.insert(name.clone(), value);
        }
        Ok(values)
    }
}

/// The component's variables, rendered from the application's values.
///
/// # Errors
/// If Spin does not allow a name, or if a template is invalid.
pub(crate) fn of_component(
    templates: &BTreeMap<String, String>,
    values: &HashMap<String, String>,
) -> Result<Variables> {
    let render = |(name, template): (&String, &String)| {
        check_name(name).map_err(anyhow::Error::msg)?;
        let value = template::render(template, values)
            .with_context(|| format!("the component's variable `{name}` is not usable"))?;
        Ok((name.clone(), value))
    };
    templates.iter().map(render).collect()
}

fn environment_name(variable: &str) -> String {
    format!("SPIN_VARIABLE_{}", variable.to_ascii_uppercase())
}

fn read_dotenv(path: &Path) -> Result<HashMap<String, String>> {
    let entries = match dotenvy::from_path_iter(path) {
        Ok(entries) => entries,
        Err(dotenvy::Error::Io(err)) if err.kind() == ErrorKind::NotFound => {
            return Ok(HashMap::new());
        }
        Err(_) => bail!("cannot read {}", path.display()),
    };
    // The parser's own message quotes the line, which may contain a secret.
    let parsed: Result<_, _> = entries.collect();
    let Ok(values) = parsed else {
        bail!("a line of {} is not KEY=VALUE", path.display())
    };
    Ok(values)
}

/// Spin's rules for names, with Spin's error texts.
fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_';
    let reason = if name.is_empty() {
        "must not be empty".to_owned()
    } else if let Some(invalid) = name.chars().find(|c| !allowed(c)) {
        format!(
            "invalid character {invalid:?}. Variable names may contain only lower-case letters, numbers, and underscores."
        )
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "must start with a lowercase ASCII letter".to_owned()
    } else if name.ends_with('_') {
        "must end with a lowercase ASCII letter or digit".to_owned()
    } else if name.contains("__") {
        "must not contain multiple consecutive underscores".to_owned()
    } else {
        return Ok(());
    };
    Err(format!("{name:?}: {reason}"))
}

impl Host for State {}

impl<T: Send> HostWithStore<T> for HasSelf<State> {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, Error>> {
        Ok(accessor.with(|mut access| access.get().variable(&name)))
    }
}

impl wasi2::Host for State {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, wasi2::Error>> {
        Ok(self.variable(&name).map_err(Into::into))
    }
}

impl State {
    /// The value of one of the component's variables.
    fn variable(&self, name: &str) -> Result<String, Error> {
        check_name(name).map_err(Error::InvalidName)?;
        let Self { app, trace, .. } = self;
        trace.write(&Call::GetVariable { name });
        let undefined =
            || Error::Undefined(format!("no variable for {:?}.{name:?}", app.component_id));
        // Spin's provider for environment variables does this, too. It moves the caller off the
        // runtime's worker threads until it next waits.
        block_in_place(|| app.variables.get(name).cloned()).ok_or_else(undefined)
    }
}

impl From<Error> for wasi2::Error {
    fn from(err: Error) -> Self {
        match err {
            Error::InvalidName(reason) => Self::InvalidName(reason),
            Error::Undefined(reason) => Self::Undefined(reason),
            Error::Provider(reason) => Self::Provider(reason),
            Error::Other(reason) => Self::Other(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declare(toml: &str) -> BTreeMap<String, Variable> {
        toml::from_str(toml).unwrap()
    }

    fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn sources(
        environment: fn(&str) -> Result<String, VarError>,
        dotenv: &[(&str, &str)],
    ) -> Sources {
        Sources {
            environment,
            dotenv: map(dotenv),
        }
    }

    fn unset(_: &str) -> Result<String, VarError> {
        Err(VarError::NotPresent)
    }

    fn set(name: &str) -> Result<String, VarError> {
        match name {
            "SPIN_VARIABLE_A_1" => Ok("environment".to_owned()),
            _ => Err(VarError::NotPresent),
        }
    }

    #[test]
    fn a_required_variable_without_a_value_is_named_with_the_ways_to_set_it() {
        let err = sources(unset, &[]).resolve(&declare("a_1 = { required = true }"));
        let message = err.unwrap_err().to_string();
        for expected in ["`a_1` is required", "SPIN_VARIABLE_A_1"] {
            assert!(
                message.contains(expected),
                "{message:?} has no {expected:?}"
            );
        }
    }

    #[test]
    fn a_name_that_spin_does_not_allow_is_rejected() {
        for name in ["", "aX", "1bc", "_x", "x.y", "x_", "a__b", "x-y"] {
            assert!(check_name(name).is_err(), "{name:?}");
            let declared = declare(&format!("\"{name}\" = {{ default = \"\" }}"));
            assert!(sources(unset, &[]).resolve(&declared).is_err(), "{name:?}");
        }
        for name in ["a", "abc", "a1b2c3", "a_1", "a_1_b_3"] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn the_environment_goes_before_dotenv_before_the_default() {
        let declared = declare("a_1 = { default = \"default\" }");
        let dotenv = [("SPIN_VARIABLE_A_1", "dotenv")];
        for (sources, expected) in [
            (sources(set, &dotenv), "environment"),
            (sources(unset, &dotenv), "dotenv"),
            (sources(unset, &[]), "default"),
        ] {
            assert_eq!(sources.resolve(&declared).unwrap()["a_1"], expected);
        }
    }

    #[test]
    fn the_error_for_a_template_with_an_unknown_variable_names_both_variables() {
        let templates = BTreeMap::from([("own".to_owned(), "{{ other }}".to_owned())]);
        let message = format!("{:#}", of_component(&templates, &map(&[])).unwrap_err());
        assert!(
            message.contains("`own`") && message.contains("`other`"),
            "{message}"
        );
    }

    #[test]
    fn a_bad_dotenv_is_rejected_without_quoting_it_and_a_missing_one_is_fine() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join(".env");
        assert!(read_dotenv(&path).unwrap().is_empty());
        std::fs::write(&path, "A='hunter2\nB").unwrap();
        let message = format!("{:#}", read_dotenv(&path).unwrap_err());
        assert!(!message.contains("hunter2"), "{message}");
        std::fs::write(&path, "# comment\nA='1 2'\n").unwrap();
        assert_eq!(read_dotenv(&path).unwrap(), map(&[("A", "1 2")]));
    }
}
