//! Takes typed values out of the variables' texts, and says of each that cannot be used why not.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use url::Url;

use super::Problem;
use crate::domain::email::Email;

/// Takes one variable after another; `None` means that the reason is among the problems.
#[derive(Default)]
pub(super) struct Reader {
    values: HashMap<&'static str, String>,
    problems: Vec<Problem>,
}

impl Reader {
    /// A reader of these values, or of why one could not be had.
    pub(super) fn new(values: Vec<(&'static str, Result<String, &'static str>)>) -> Self {
        let mut reader = Self::default();
        for (variable, value) in values {
            match value {
                Ok(value) => {
                    reader.values.insert(variable, value.trim().to_owned());
                }
                Err(problem) => reader.refuse(variable, problem),
            }
        }
        reader
    }

    /// What is wrong with the variables that were taken.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// The text as it stands, without space around it.
    pub(super) fn text(&self, variable: &'static str) -> Option<String> {
        self.values.get(variable).cloned()
    }

    /// A whole number within `range`.
    pub(super) fn number<N>(
        &mut self,
        variable: &'static str,
        range: RangeInclusive<N>,
    ) -> Option<N>
    where
        N: FromStr + PartialOrd + Display,
    {
        let number = self.text(variable)?.parse().ok();
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            self.refuse(
                variable,
                format!("must be a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// One of some names, and what it stands for.
    pub(super) fn choice<T: Clone>(
        &mut self,
        variable: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let value = self.text(variable)?;
        let chosen = choices.iter().find(|(name, _)| *name == value);
        if chosen.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.refuse(variable, format!("must be one of {}", names.join(", ")));
        }
        chosen.map(|(_, choice)| choice.clone())
    }

    /// An http or https address, without a slash at its end.
    pub(super) fn web_address(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable)?;
        let is_usable = Url::parse(&value).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if !is_usable {
            let problem = "must be an address like https://example.com, with http or https";
            self.refuse(variable, problem);
            return None;
        }
        Some(value.trim_end_matches('/').to_owned())
    }

    /// A path, without a slash at its end.
    pub(super) fn path(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable)?;
        let is_usable = value.is_empty()
            || (value.starts_with('/') && !value.contains(['?', '#', ' ']) && value.is_ascii());
        if !is_usable {
            self.refuse(variable, "must be empty or a path like /api/v1");
            return None;
        }
        Some(value.trim_end_matches('/').to_owned())
    }

    /// An email address, as it was typed.
    pub(super) fn address(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable)?;
        if let Err(reason) = Email::parse(&value) {
            self.refuse(variable, format!("must be an email address: {reason}"));
            return None;
        }
        Some(value)
    }

    /// A text that could stand in a header.
    pub(super) fn one_line(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable)?;
        if value.is_empty() || value.contains(char::is_control) {
            self.refuse(variable, "must be a text of one line that is not empty");
            return None;
        }
        Some(value)
    }

    /// Notes what is wrong with a variable.
    pub(super) fn refuse(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(Problem {
            variable,
            problem: problem.into(),
        });
    }
}
