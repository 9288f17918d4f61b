//! Takes typed values out of Spin's variables, and says of each that cannot be used why not.

use std::fmt::{self, Display};
use std::mem;
use std::ops::RangeInclusive;
use std::str::FromStr;

use time::Duration;
use url::Url;

#[cfg(not(test))]
use crate::platform::variables;

/// No lifetime is longer than ten years: what is meant to last for ever is a mistake.
const MAX_DAYS: u32 = 3650;

/// What is wrong with one variable; the value itself is never told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.problem)
    }
}

/// Takes one variable after another; `None` means that the reason is among the problems.
#[derive(Default)]
pub struct Reader {
    problems: Vec<Problem>,
    /// Takes Spin's place.
    #[cfg(test)]
    pub given: super::tests::Given,
}

impl Reader {
    /// What is wrong with the variables that were taken.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        mem::take(&mut self.problems)
    }

    /// The text as it stands, without space around it.
    pub async fn text(&mut self, variable: &'static str) -> Option<String> {
        #[cfg(not(test))]
        let value = variables::get(variable).await;
        #[cfg(test)]
        let value = self.given.get(variable);
        match value {
            Ok(value) => Some(value.trim().to_owned()),
            Err(problem) => {
                self.refuse(variable, problem);
                None
            }
        }
    }

    /// `on` or `off`.
    pub async fn is_on(&mut self, variable: &'static str) -> Option<bool> {
        self.choice(variable, &[("on", true), ("off", false)]).await
    }

    /// A lifetime in whole minutes.
    pub async fn minutes(&mut self, variable: &'static str) -> Option<Duration> {
        let minutes = self.number(variable, 1..=MAX_DAYS * 24 * 60).await?;
        Some(Duration::minutes(i64::from(minutes)))
    }

    /// A lifetime in whole days.
    pub async fn days(&mut self, variable: &'static str) -> Option<Duration> {
        let days = self.number(variable, 1..=MAX_DAYS).await?;
        Some(Duration::days(i64::from(days)))
    }

    /// The address of a provider's API; an empty variable means its usual host.
    pub async fn api_host(&mut self, variable: &'static str, usual_host: &str) -> Option<String> {
        let value = self.text(variable).await?;
        if value.is_empty() {
            return Some(usual_host.to_owned());
        }
        self.check_address(variable, &value)
    }

    /// A whole number within `range`.
    pub async fn number<N>(&mut self, variable: &'static str, range: RangeInclusive<N>) -> Option<N>
    where
        N: FromStr + PartialOrd + Display,
    {
        let number = self.text(variable).await?.parse().ok();
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
    pub async fn choice<T: Clone>(
        &mut self,
        variable: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let value = self.text(variable).await?;
        let chosen = choices.iter().find(|(name, _)| *name == value);
        if chosen.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.refuse(variable, format!("must be one of {}", names.join(", ")));
        }
        chosen.map(|(_, choice)| choice.clone())
    }

    /// An http or https address, without a slash at its end.
    pub async fn web_address(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable).await?;
        self.check_address(variable, &value)
    }

    fn check_address(&mut self, variable: &'static str, value: &str) -> Option<String> {
        let is_usable = Url::parse(value).is_ok_and(|url| {
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
    pub async fn path(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable).await?;
        let is_usable = value.is_empty()
            || (value.starts_with('/') && !value.contains(['?', '#', ' ']) && value.is_ascii());
        if !is_usable {
            self.refuse(variable, "must be empty or a path like /api/v1");
            return None;
        }
        Some(value.trim_end_matches('/').to_owned())
    }

    /// A text that could stand in a header.
    pub async fn one_line(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable).await?;
        if value.is_empty() || value.contains(char::is_control) {
            self.refuse(variable, "must be a text of one line that is not empty");
            return None;
        }
        Some(value)
    }

    /// Notes what is wrong with a variable.
    pub fn refuse(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(Problem {
            variable,
            problem: problem.into(),
        });
    }
}
