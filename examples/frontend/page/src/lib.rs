//! A front end of the accounts service: logs in, stays logged in after a reload, requests the protected
//! route, and logs out.

mod api;
mod channel;
mod lock;
mod page;
mod problem;
mod session;
mod storage;
mod view;

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::page::Page;

/// Starts the page; the browser calls this when everything is loaded.
///
/// # Errors
/// If the document lacks an expected element.
#[wasm_bindgen(start)]
pub fn start() -> Result<(), JsError> {
    // Lives as long as the document.
    let page: &'static Page = Box::leak(Box::new(Page::find()?));
    page.listen();
    page.resume();
    Ok(())
}
