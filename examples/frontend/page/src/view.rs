//! The view: the elements of the document and their changes.

use wasm_bindgen::prelude::{JsCast, JsError};
use web_sys::{Document, HtmlElement, HtmlInputElement, window};

use crate::api::TestData;

/// The elements that have events or change.
pub struct View {
    main: HtmlElement,
    logged_out: Section,
    /// The login form.
    pub login: HtmlElement,
    username: HtmlInputElement,
    password: HtmlInputElement,
    logged_in: Section,
    answer: HtmlElement,
    message: HtmlElement,
    user_id: HtmlElement,
    /// The button that requests the protected route.
    pub ask: HtmlElement,
    /// The button that logs out.
    pub log_out: HtmlElement,
    notice: HtmlElement,
    problem: HtmlElement,
}

/// One of the page's two states.
struct Section {
    whole: HtmlElement,
    heading: HtmlElement,
}

impl View {
    /// The elements of this document.
    ///
    /// # Errors
    /// If an element is missing.
    pub fn find() -> Result<Self, JsError> {
        let document = window().and_then(|window| window.document());
        let document = document.ok_or_else(|| JsError::new("there is no document"))?;
        Ok(Self {
            main: find(&document, "main")?,
            logged_out: Section::find(&document, "#logged-out")?,
            login: find(&document, "#login")?,
            username: find(&document, "#username")?,
            password: find(&document, "#password")?,
            logged_in: Section::find(&document, "#logged-in")?,
            answer: find(&document, "#answer")?,
            message: find(&document, "#message")?,
            user_id: find(&document, "#user-id")?,
            ask: find(&document, "#ask")?,
            log_out: find(&document, "#log-out")?,
            notice: find(&document, "#notice")?,
            problem: find(&document, "#problem")?,
        })
    }

    /// Shows one of the states, and moves the focus to it if that is a change.
    pub fn show(&self, logged_in: bool) {
        let (shown, hidden) = if logged_in {
            (&self.logged_in, &self.logged_out)
        } else {
            (&self.logged_out, &self.logged_in)
        };
        let is_change = !hidden.whole.hidden();
        hidden.whole.set_hidden(true);
        shown.whole.set_hidden(false);
        if is_change {
            let _ = shown.heading.focus();
        }
    }

    /// Shows that a task is running.
    pub fn begin(&self, progress: &str) {
        let _ = self.main.set_attribute("aria-busy", "true");
        self.announce(progress);
    }

    /// Shows that no task is running any more.
    pub fn end(&self) {
        let _ = self.main.remove_attribute("aria-busy");
    }

    /// Shows a status message.
    pub fn announce(&self, message: &str) {
        self.problem.set_text_content(None);
        self.notice.set_text_content(Some(message));
    }

    /// Shows an error message.
    pub fn complain(&self, message: &str) {
        self.notice.set_text_content(None);
        self.problem.set_text_content(Some(message));
    }

    /// The entered name and password.
    pub fn credentials(&self) -> (String, String) {
        (self.username.value(), self.password.value())
    }

    /// Clears the password field, so that the next user of the browser does not find it filled in.
    pub fn forget_password(&self) {
        self.password.set_value("");
    }

    /// Shows the response of the protected route.
    pub fn show_answer(&self, data: &TestData) {
        self.message.set_text_content(Some(&data.message));
        self.user_id.set_text_content(Some(&data.user_id));
        self.answer.set_hidden(false);
    }

    /// Hides the response, which is outdated or another user's.
    pub fn forget_answer(&self) {
        self.answer.set_hidden(true);
        self.message.set_text_content(None);
        self.user_id.set_text_content(None);
    }
}

impl Section {
    fn find(document: &Document, selector: &str) -> Result<Self, JsError> {
        Ok(Self {
            whole: find(document, selector)?,
            heading: find(document, &format!("{selector} h2"))?,
        })
    }
}

fn find<T: JsCast>(document: &Document, selector: &str) -> Result<T, JsError> {
    let element = document.query_selector(selector).ok().flatten();
    let element = element.and_then(|element| element.dyn_into().ok());
    element.ok_or_else(|| JsError::new(&format!("the document lacks {selector}")))
}
